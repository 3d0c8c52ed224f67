import * as vscode from 'vscode';
import { isDataset } from '../../dataset-lsp/protocol';
import type { RecordDocuments } from '../record-documents';

/** Shows the record under the cursor as JSON over several lines, in a peek; saving there writes it back. */
export async function editRecord(records: RecordDocuments): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !isDataset(editor.document.uri.toString(), editor.document.languageId)) {
    await vscode.window.showInformationMessage('Open a JSONL file with training data and put the cursor on a record.');
    return;
  }
  await records.peek(editor);
}
