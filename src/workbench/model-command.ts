import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../common/failure';
import { asRecord } from '../dataset/shape';
import { findNode } from '../training/launcher';
import { runCli } from './run-cli';
import type { Workbench } from './workbench';

type Line = Readonly<Record<string, unknown>>;

export interface ModelCommandOptions {
  /** Cancels besides the button of the notification. */
  readonly signal?: AbortSignal;
  /** Told of each line of JSON; what it returns is shown. Without it a percentage is. */
  readonly onLine?: (line: Line) => string | undefined;
}

/**
 * Runs a command that loads a model, with progress and Cancel in a notification. It prints lines of JSON.
 * @returns the last line, which is the result
 * @throws Failure with the command's own words
 */
export async function runModelCommand(
  { context, log }: Workbench,
  title: string,
  args: readonly string[],
  { signal, onLine }: ModelCommandOptions = {},
): Promise<Line> {
  const setting = vscode.workspace.getConfiguration('fine-tune').get<string>('nodePath', '').trim();
  const nodePath = await findNode(setting === '' ? undefined : setting);
  log.info(`fine-tune ${args.join(' ')}`);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    signal?.addEventListener('abort', () => abort.abort(), { once: true });
    if (signal?.aborted) abort.abort();
    let last: Line | undefined;
    const { code, err } = await runCli({
      cliPath: context.asAbsolutePath(path.join('dist', 'cli.js')),
      nodePath,
      args,
      cwd: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? context.extensionPath,
      signal: abort.signal,
      onProgress: (done, total) => {
        if (!onLine) progress.report({ message: `${Math.floor((100 * done) / Math.max(1, total))} %` });
      },
      onLine: (text) => {
        const line = parse(text);
        last = line ?? last;
        const message = line && onLine?.(line);
        if (message !== undefined) progress.report({ message });
      },
    });
    if (err.trim() !== '') log.info(err.trim());
    if (code === 1) throw new Failure('command-failed', err.trim().replace(/^error: /, ''), '');
    if (!last) throw new Failure('command-failed', `"fine-tune ${args[0] ?? ''}" gave no result.`, '');
    return last;
  });
}

function parse(text: string): Line | undefined {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}
