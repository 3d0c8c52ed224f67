import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import type { DatasetReport } from '../../dataset/report';
import { showStatistics } from '../../webview/statistics-panel';
import type { StatisticsAction } from '../../webview/statistics-protocol';
import { dataFile } from '../data-files';
import { runCli } from '../run-cli';
import { folderOf, ruleFlags, tokenFlags } from '../check-flags';
import type { Workbench } from '../workbench';

/** Opens the page with the numbers of a data file. */
export async function statistics(workbench: Workbench, resource?: unknown): Promise<void> {
  const { context, log } = workbench;
  const file = await dataFile(resource, 'The statistics are those of the file on the disk.');
  if (file === undefined) return;
  showStatistics(context.extensionUri, vscode.Uri.file(file), {
    read: async (uri, signal, onProgress) => {
      const args = ['statistics', uri.fsPath, '--json', ...(await tokenFlags(uri)), ...ruleFlags(uri)];
      const cliPath = context.asAbsolutePath(path.join('dist', 'cli.js'));
      const { code, out, err } = await runCli({ cliPath, args, cwd: folderOf(uri), signal, onProgress });
      if (code === 1) throw new Failure('statistics', err.trim(), '');
      return JSON.parse(out) as DatasetReport;
    },
    act: (uri, action) => act(uri, action),
    onError: (error) => log.error(error instanceof Error ? error : String(error)),
  });
}

async function act(
  uri: vscode.Uri,
  action: Exclude<StatisticsAction, { readonly type: 'refresh' | 'cancel' }>,
): Promise<void> {
  if (action.type === 'train') {
    // Nobody waits for it, and it shows its own errors.
    void vscode.commands.executeCommand('fine-tune.train', uri);
    return;
  }
  const line = action.type === 'showLine' ? action.line - 1 : 0;
  const at = new vscode.Range(line, 0, line, 0);
  await vscode.window.showTextDocument(uri, { selection: at, viewColumn: vscode.ViewColumn.Beside });
  if (action.type === 'preview') await vscode.commands.executeCommand('fine-tune.previewExample', uri, line);
}
