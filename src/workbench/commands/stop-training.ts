import * as vscode from 'vscode';
import type { LiveRun } from '../live-run';
import { progressText } from '../words';
import type { Workbench } from '../workbench';

/** Asks a run to finish its step, save and end. `folder` names the run; without it the only one, or one is chosen. */
export async function stopTraining({ runs }: Workbench, folder?: unknown): Promise<void> {
  await runs.look('elsewhere');
  const named = runs.live.find((run) => run.path === folder);
  const run = named ?? (runs.live.length > 1 ? await pick(runs.live) : runs.live[0]);
  if (run) await run.stop();
  else if (runs.live.length === 0) void vscode.window.showInformationMessage('No run is at work.');
}

async function pick(live: readonly LiveRun[]): Promise<LiveRun | undefined> {
  const items = live.map((run) => ({
    label: run.progress.name,
    description: progressText(run.progress),
    detail: vscode.workspace.asRelativePath(run.path),
    run,
  }));
  const choice = await vscode.window.showQuickPick(items, { title: 'Stop Training', placeHolder: 'The run to stop' });
  return choice?.run;
}
