import * as vscode from 'vscode';
import type { LiveRun } from '../live-run';
import type { RunProgress } from '../progress';
import { progressText } from '../words';
import type { Workbench } from '../workbench';

/**
 * The run that a command means: the one of this folder, the only one in a state that fits, or the user's choice.
 * `undefined` where there is none, which is said, or the user has chosen none.
 */
export async function pickLiveRun(
  { runs }: Workbench,
  folder: unknown,
  texts: { readonly title: string; readonly placeHolder: string; readonly none: string },
  fits: (state: RunProgress['state']) => boolean = () => true,
): Promise<LiveRun | undefined> {
  await runs.look('elsewhere');
  const fitting = runs.live.filter((run) => fits(run.progress.state));
  const named = fitting.find((run) => run.path === folder);
  if (named) return named;
  if (fitting.length === 0) void vscode.window.showInformationMessage(texts.none);
  if (fitting.length <= 1) return fitting[0];
  const items = fitting.map((run) => ({
    label: run.progress.name,
    description: progressText(run.progress),
    detail: vscode.workspace.asRelativePath(run.path),
    run,
  }));
  return (await vscode.window.showQuickPick(items, texts))?.run;
}
