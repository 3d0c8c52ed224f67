import * as vscode from 'vscode';
import { Failure } from '../common/failure';
import { CANCELLED } from './run-cli';
import { sentences } from './words';

/** Shows an error where work that the user asked for has ended: the message and what to do. Ours go to the log with their stack. */
export async function report(log: vscode.LogOutputChannel, error: unknown): Promise<void> {
  if (error instanceof vscode.CancellationError || (error instanceof Failure && error.code === CANCELLED)) return;
  if (error instanceof Failure) {
    log.error(`${error.code}: ${error.message} ${error.hint}`);
    const aboutNode = error.code === 'node-not-found' || error.code === 'node-unusable';
    if (aboutNode) await showWithSetting(sentences(error.message, error.hint), 'fine-tune.nodePath');
    else await showWithLog(log, sentences(error.message, error.hint));
    return;
  }
  log.error(error instanceof Error ? error : new Error(String(error)));
  const message = error instanceof Error ? error.message : String(error);
  await showWithLog(log, sentences(`Fine-tune could not do this: ${message}`, 'The log has the details.'));
}

async function showWithLog(log: vscode.LogOutputChannel, message: string): Promise<void> {
  const choice = await vscode.window.showErrorMessage(message, 'Show Log');
  if (choice === 'Show Log') log.show();
}

async function showWithSetting(message: string, setting: string): Promise<void> {
  const choice = await vscode.window.showErrorMessage(message, 'Open Settings');
  if (choice === 'Open Settings') await vscode.commands.executeCommand('workbench.action.openSettings', setting);
}
