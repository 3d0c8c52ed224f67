import * as path from 'node:path';
import * as vscode from 'vscode';
import type { LiveRun } from './live-run';
import { isLive, type RunProgress } from './progress';
import { endingOf, progressText } from './words';

/** Follows a run with a notification: its phases and steps, a Cancel button that stops it gracefully, and how it ended. */
export async function notifyOfRun(run: LiveRun): Promise<void> {
  const stopped = await showSteps(run);
  if (stopped) await showStopping(run);
  await showEnding(await run.ended, run.path);
}

/** Resolves with whether the user cancelled. */
function showSteps(run: LiveRun): Thenable<boolean> {
  const options = { location: vscode.ProgressLocation.Notification, title: run.progress.name, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    let reported = 0;
    const report = (): void => {
      const { step, totalSteps } = run.progress;
      const percent = totalSteps > 0 ? Math.min(100, (100 * step) / totalSteps) : 0;
      progress.report({ message: progressText(run.progress), increment: percent - reported });
      reported = percent;
    };
    const asked = new Promise<boolean>((settle) => {
      const stopping = run.onChange(() => {
        if (run.progress.state === 'stopping') settle(true);
        else if (isLive(run.progress)) report();
      });
      token.onCancellationRequested(() => {
        stopping.dispose();
        settle(true);
        void run.stop();
      });
    });
    report();
    return Promise.race([asked, run.ended.then(() => false)]);
  });
}

function showStopping(run: LiveRun): Thenable<unknown> {
  const options = { location: vscode.ProgressLocation.Notification, title: run.progress.name };
  return vscode.window.withProgress(options, (progress) => {
    progress.report({ message: 'Finishing this step and saving a checkpoint…' });
    return run.ended;
  });
}

async function showEnding(progress: RunProgress, folder: string): Promise<void> {
  const { kind, message, kept } = endingOf(progress, withoutWorkspace);
  const openKept = progress.state === 'completed' ? 'Open Adapter Folder' : 'Open Checkpoint Folder';
  const unfinished = progress.state === 'stopped' || progress.state === 'interrupted';
  const buttons = [
    ...(unfinished ? ['Resume'] : []),
    ...(kind === 'error' ? ['Show Log'] : []),
    'Open Dashboard',
    ...(kept === undefined ? [] : [openKept]),
  ];
  const show = kind === 'error' ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
  const choice = await show(message, ...buttons);
  if (choice === 'Open Dashboard') await vscode.commands.executeCommand('fine-tune.openDashboard');
  else if (choice === 'Resume') await vscode.commands.executeCommand('fine-tune.resumeTraining', folder);
  else if (choice === 'Show Log') await vscode.commands.executeCommand('fine-tune.showLog', folder);
  else if (choice === openKept) await vscode.commands.executeCommand('fine-tune.openRunFolder', kept);
}

function withoutWorkspace(text: string): string {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath + path.sep);
  return folders.reduce((shorter, folder) => shorter.replaceAll(folder, ''), text);
}
