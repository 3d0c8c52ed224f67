import * as vscode from 'vscode';
import { CLIENT_COMMANDS, isDataset, type DatasetSummary } from '../dataset-lsp/protocol';
import { datasetStatus } from './dataset-words';

/** One item: what the checks say of the training data in the active editor, or last was while a panel beside it has the focus. */
export function createDatasetStatus(onSummary: vscode.Event<DatasetSummary>): vscode.Disposable {
  const summaries = new Map<string, DatasetSummary>();
  const item = vscode.window.createStatusBarItem('fine-tune.dataset', vscode.StatusBarAlignment.Left, 9);
  item.name = 'Fine-tune Dataset';
  item.command = CLIENT_COMMANDS.problems;
  let last: vscode.TextDocument | undefined;
  const current = (): vscode.TextDocument | undefined => {
    const { activeTextEditor, visibleTextEditors } = vscode.window;
    if (activeTextEditor) return activeTextEditor.document;
    return visibleTextEditors.some(({ document }) => document === last) ? last : undefined;
  };
  const show = (): void => {
    const document = (last = current());
    const summary = document && summaries.get(document.uri.toString());
    if (!document || !summary || !isDataset(document.uri.toString(), document.languageId)) return item.hide();
    const { text, detail, warn } = datasetStatus(summary);
    item.text = text;
    item.tooltip = `${detail}\nClick to see the problems`;
    item.accessibilityInformation = { label: `Training data, ${detail.replaceAll('\n', ', ')}`, role: 'button' };
    item.backgroundColor = warn ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.show();
  };
  return vscode.Disposable.from(
    item,
    onSummary((summary) => {
      summaries.set(summary.uri, summary);
      if (current()?.uri.toString() === summary.uri) show();
    }),
    vscode.window.onDidChangeActiveTextEditor(show),
    vscode.window.onDidChangeVisibleTextEditors(show),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => summaries.delete(uri.toString())),
  );
}
