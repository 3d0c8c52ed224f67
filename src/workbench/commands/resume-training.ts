import * as vscode from 'vscode';
import { dateText } from '../../cli/format';
import { Failure } from '../../common/failure';
import { resumableSteps, type ResumeRequest } from '../../training/resume';
import { isLive, type RunSummary } from '../../training/run-folder';
import { mayTrain } from '../trust';
import { countText } from '../words';
import type { Workbench } from '../workbench';

/**
 * Goes on with a run that was stopped, has failed or was interrupted, from its newest checkpoint. `folder` names the
 * run; without it the only one, or one is chosen.
 */
export async function resumeTraining(workbench: Workbench, folder?: unknown): Promise<void> {
  if (!(await mayTrain())) return;
  const runs = await workbench.runs.list();
  const unfinished = runs.filter((run) => !isLive(run) && run.state !== 'completed');
  // A run that is named is tried in any state: the refusal says why.
  const named = typeof folder === 'string' ? runs.find(({ path }) => path === folder) : undefined;
  if (!named && unfinished.length === 0)
    throw new Failure(
      'no-run',
      'No run of this workspace can be resumed: none was stopped, failed or was interrupted.',
      'Start one with Fine-tune: Train.',
    );
  const run = named ?? (unfinished.length > 1 ? await pick(unfinished) : unfinished[0]);
  const request = run && (await deviceRequest(run));
  if (request) await resume(workbench, run, request);
}

/** A device that was not there the last time, or broke, may do so again. `undefined`: given up. */
async function deviceRequest({ final }: RunSummary): Promise<ResumeRequest | undefined> {
  if (final?.type !== 'failed' || !['device-unavailable', 'device-failed'].includes(final.code)) return {};
  const detail = 'On the processor the run continues with the same numbers but for rounding, and more slowly.';
  const here = 'Resume on the Processor';
  const answer = await vscode.window.showWarningMessage(final.message, { modal: true, detail }, here, 'Try Again');
  if (answer === undefined) return undefined;
  return answer === here ? { device: 'cpu' } : {};
}

/** Changed data is refused first; the user may go on all the same. */
async function resume({ runs }: Workbench, run: RunSummary, request: ResumeRequest): Promise<void> {
  try {
    await runs.resume(run, request);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'data-changed') throw error;
    const detail = 'The records that follow are taken from the new data, as if it had been there from the start.';
    const answer = await vscode.window.showWarningMessage(error.message, { modal: true, detail }, 'Resume Anyway');
    if (answer === 'Resume Anyway') await runs.resume(run, { ...request, force: ['data-changed'] });
  }
}

async function pick(runs: readonly RunSummary[]): Promise<RunSummary | undefined> {
  const items = runs.map((run) => {
    const saved = resumableSteps(run.path).at(-1);
    const from = saved === undefined ? 'no checkpoint: begins again' : `goes on after step ${countText(saved)}`;
    return {
      label: run.name,
      description: `${run.state}, ${dateText(run.created)}`,
      detail: run.totalSteps > 0 ? `${from} of ${countText(run.totalSteps)}` : from,
      run,
    };
  });
  const choice = await vscode.window.showQuickPick(items, {
    title: 'Resume Training',
    placeHolder: 'The run to go on with',
  });
  return choice?.run;
}
