import * as vscode from 'vscode';
import { isDataset } from '../../dataset-lsp/protocol';
import type { PreviewPanels } from '../../webview/preview-panel';

/**
 * Shows the record under the cursor as the model will see it, or the one that a code lens names.
 * @param line 0-based
 */
export async function previewExample(panels: PreviewPanels, uri?: unknown, line?: unknown): Promise<void> {
  const named = uri instanceof vscode.Uri ? uri : typeof uri === 'string' ? vscode.Uri.parse(uri) : undefined;
  const editor = vscode.window.activeTextEditor;
  const target = named ?? editor?.document.uri;
  const document = target && (await vscode.workspace.openTextDocument(target));
  if (!document || !isDataset(document.uri.toString(), document.languageId)) {
    await vscode.window.showInformationMessage(
      'Open a JSONL file with training data and put the cursor on a record. The preview then shows what the model will see of it.',
    );
    return;
  }
  const cursor = editor?.document === document ? editor.selection.active.line : 0;
  panels.show(document.uri.toString(), (typeof line === 'number' ? line : cursor) + 1);
}
