import type { Workbench } from '../workbench';
import { pickLiveRun } from './pick-live-run';

/** Asks a run to finish its step, save and end. `folder` names the run; without it the only one, or one is chosen. */
export async function stopTraining(workbench: Workbench, folder?: unknown): Promise<void> {
  const texts = { title: 'Stop Training', placeHolder: 'The run to stop', none: 'No run is at work.' };
  await (await pickLiveRun(workbench, folder, texts))?.stop();
}
