/** `fine-tune stop RUN` */
import { isLive } from '../training/run-folder';
import { askTrainer } from './ask-trainer';
import type { Command } from './command';
import { findRun } from './find-run';
import { OUTPUT_DIR_FLAG } from './runs';
import { outputDir } from './setting-flags';

export const stopCommand: Command = {
  name: 'stop',
  usage: 'RUN',
  summary: 'Stops a running trainer: it finishes the step and saves. RUN is a folder, a name, or "last".',
  operands: { least: 1, most: 1 },
  flags: [OUTPUT_DIR_FLAG],
  run: async (input, terminal) => {
    const run = await findRun(input.operands[0]!, outputDir(input, terminal.cwd), terminal.cwd);
    if (!isLive(run)) {
      terminal.out(`${run.name} is not running: it is ${run.state}.`);
      return 0;
    }
    terminal.err(`Stopping ${run.name}${run.state === 'paused' ? '' : ' after its current step'} ...\n`);
    const { state, lastStep } = await askTrainer(run, { type: 'stop' });
    terminal.out(`${run.name} is ${state} after step ${lastStep}.`);
    return state === 'interrupted' || state === 'failed' ? 1 : 0;
  },
};
