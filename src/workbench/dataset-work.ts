import * as path from 'node:path';
import * as vscode from 'vscode';
import { runCli, type CliResult } from './run-cli';
import type { Workbench } from './workbench';

/** Runs a command of the command line on whole files, with progress and Cancel. Throws a `Failure` with its words. */
export async function runDatasetCommand(
  { context, log }: Workbench,
  title: string,
  args: readonly string[],
  cwd?: string,
): Promise<CliResult> {
  log.info(`fine-tune ${args.join(' ')}`);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let shown = 0;
    const result = await runCli({
      cliPath: context.asAbsolutePath(path.join('dist', 'cli.js')),
      args,
      cwd: cwd ?? context.extensionPath,
      signal: abort.signal,
      onProgress: (done, total) => {
        const percent = total > 0 ? (done / total) * 100 : 0;
        progress.report({ increment: percent - shown, message: `${Math.floor(percent)} %` });
        shown = percent;
      },
    });
    if (result.err.trim() !== '') log.info(result.err.trim());
    return result;
  });
}

/** The words of a command that refused a file. */
export function refusalText(err: string, file: string): string {
  const lines = withoutFolder(err.replace(/^error: /, ''), file)
    .trim()
    .split('\n');
  // The first places are enough to see what is wrong, and the last lines say how many there are.
  return lines.length <= 6 ? lines.join('\n') : [...lines.slice(0, 3), '…', ...lines.slice(-2)].join('\n');
}

/** Asks where a result goes. `undefined`: given up. The dialog itself asks before it replaces a file. */
export async function askForTarget(file: string, suffix: string, saveLabel: string): Promise<string | undefined> {
  const { dir, name, ext } = path.parse(file);
  const uri = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(path.join(dir, `${name}.${suffix}${ext}`)),
    filters: { 'JSON Lines': ['jsonl'] },
    saveLabel,
  });
  return uri?.fsPath;
}

/** A message with what was done, and a button that opens the result. */
export async function offerResult(message: string, file: string): Promise<void> {
  const choice = await vscode.window.showInformationMessage(withoutFolder(message, file), 'Open');
  if (choice === 'Open') await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
}

/** In a notification the name of a file is enough. */
function withoutFolder(text: string, file: string): string {
  return text.replaceAll(path.dirname(file) + path.sep, '');
}
