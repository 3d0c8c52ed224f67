import type { Workbench } from '../workbench';
import { pickLiveRun } from './pick-live-run';

/** Asks a run to finish its step, save and wait. `folder` names the run; without it the only one, or one is chosen. */
export async function pauseTraining(workbench: Workbench, folder?: unknown): Promise<void> {
  const texts = { title: 'Pause Training', placeHolder: 'The run to pause', none: 'No run is at work.' };
  const run = await pickLiveRun(workbench, folder, texts, (state) => state === 'starting' || state === 'training');
  await run?.pause();
}

/** Ends a pause. */
export async function continueTraining(workbench: Workbench, folder?: unknown): Promise<void> {
  const texts = { title: 'Continue Training', placeHolder: 'The run to go on with', none: 'No run is paused.' };
  const run = await pickLiveRun(workbench, folder, texts, (state) => state === 'pausing' || state === 'paused');
  await run?.continue();
}
