import * as vscode from 'vscode';
import { dateText } from '../cli/format';
import { Failure } from '../common/failure';
import { isLive, type RunSummary } from '../training/run-folder';
import { countText, lossText } from './words';
import type { Workbench } from './workbench';

/**
 * The run with a trained model that a command means: the one of this folder, the only one, or the user's choice.
 * @param folder as a command was given it
 * @returns `undefined`: given up
 */
export async function pickTrainedRun(
  { runs }: Workbench,
  folder: unknown,
  title: string,
): Promise<RunSummary | undefined> {
  const all = await runs.list();
  const named = typeof folder === 'string' ? all.find(({ path }) => path === folder) : undefined;
  // A run that is named is tried in any state: the refusal of the command says why.
  if (named) return named;
  const trained = all.filter((run) => hasResult(run));
  if (trained.length === 0)
    throw new Failure(
      'no-run',
      'No run of this workspace has a trained model yet.',
      'Start one with Fine-tune: Train, or wait until it has ended.',
    );
  if (trained.length === 1) return trained[0];
  const items = trained.map((run) => ({
    label: run.name,
    description: `${run.state}, ${dateText(run.created)}`,
    detail: factsOf(run),
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'The run whose model is meant' }))?.run;
}

function hasResult(run: RunSummary): boolean {
  const { final } = run;
  return !isLive(run) && (final?.type === 'completed' || (final?.type === 'stopped' && final.adapter !== null));
}

function factsOf({ lastStep, bestValidationLoss }: RunSummary): string {
  const steps = `${countText(lastStep)} ${lastStep === 1 ? 'step' : 'steps'}`;
  return bestValidationLoss === undefined ? steps : `${steps}, validation loss ${lossText(bestValidationLoss)}`;
}
