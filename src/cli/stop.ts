/** `fine-tune stop RUN` */
import { Failure } from '../common/failure';
import { attach } from '../training/control';
import { summarizeRun } from '../training/run-folder';
import type { Command } from './command';
import { findRun } from './find-run';
import { OUTPUT_DIR_FLAG } from './runs';
import { outputDir } from './setting-flags';

const POLL_MS = 200;

export const stopCommand: Command = {
  name: 'stop',
  usage: 'RUN',
  summary: 'Stops a running trainer: it finishes the step and saves. RUN is a folder, a name, or "last".',
  operands: { least: 1, most: 1 },
  flags: [OUTPUT_DIR_FLAG],
  run: async (input, terminal) => {
    const run = await findRun(input.operands[0]!, outputDir(input, terminal.cwd), terminal.cwd);
    if (run.state !== 'running') {
      terminal.out(`${run.name} is not running: it is ${run.state}.`);
      return 0;
    }
    // A step of a large model may take minutes, and the trainer answers between two steps.
    terminal.err(`Stopping ${run.name} after its current step ...\n`);
    const connection = await attach(run.path, 600_000);
    await connection?.send({ type: 'stop' });
    connection?.close();
    for (;;) {
      const { state, lastStep } = await summarizeRun(run.path);
      if (state !== 'running') {
        terminal.out(`${run.name} is ${state} after step ${lastStep}.`);
        return state === 'interrupted' || state === 'failed' ? 1 : 0;
      }
      if (!connection)
        throw new Failure(
          'no-answer',
          `The trainer of ${run.name} does not answer.`,
          `Its process id is in ${run.path}/process.json; end that process if it hangs.`,
        );
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  },
};
