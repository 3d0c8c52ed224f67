/** `fine-tune pause RUN` and `fine-tune continue RUN` */
import { basename } from 'node:path';
import { Failure } from '../common/failure';
import { askTrainer } from './ask-trainer';
import type { Arguments, Command } from './command';
import { findRun } from './find-run';
import { OUTPUT_DIR_FLAG } from './runs';
import { outputDir } from './setting-flags';
import type { Terminal } from './terminal';
import type { RunSummary } from '../training/run-folder';

const COMMON = { usage: 'RUN', operands: { least: 1, most: 1 }, flags: [OUTPUT_DIR_FLAG] } as const;

export const pauseCommand: Command = {
  ...COMMON,
  name: 'pause',
  summary: 'Makes a running trainer wait: it finishes the step and saves, and keeps its memory.',
  notes:
    '"fine-tune continue RUN" goes on. When the trainer is killed meanwhile, "fine-tune resume RUN" goes on as well.',
  run: async (input, terminal) => {
    const run = await named(input, terminal);
    if (run.state === 'paused') {
      terminal.out(`${run.name} is paused already, after step ${run.lastStep}.`);
      return 0;
    }
    if (run.state !== 'running') throw notLive(run, 'Only a run at work can be paused.');
    terminal.err(`Pausing ${run.name} after its current step ...\n`);
    const { state, lastStep } = await askTrainer(run, { type: 'pause' }, 'paused');
    const next = state === 'paused' ? ` "fine-tune continue ${basename(run.path)}" goes on.` : '';
    terminal.out(`${run.name} is ${state} after step ${lastStep}.${next}`);
    return state === 'paused' || state === 'completed' ? 0 : 1;
  },
};

export const continueCommand: Command = {
  ...COMMON,
  name: 'continue',
  summary: 'Goes on with a paused run, in the trainer that waits.',
  run: async (input, terminal) => {
    const run = await named(input, terminal);
    if (run.state !== 'paused' && run.state !== 'running')
      throw notLive(
        run,
        `"fine-tune resume ${basename(run.path)}" starts a new trainer for a run that has not completed.`,
      );
    // Also when it is not paused yet: the request to pause is taken back.
    const { state, lastStep } = await askTrainer(run, { type: 'continue' }, 'running');
    terminal.out(`${run.name} ${state === 'running' ? 'goes on' : `is ${state}`} after step ${lastStep}.`);
    return state === 'running' || state === 'completed' ? 0 : 1;
  },
};

function named(input: Arguments, terminal: Terminal): Promise<RunSummary> {
  return findRun(input.operands[0]!, outputDir(input, terminal.cwd), terminal.cwd);
}

function notLive(run: RunSummary, hint: string): Failure {
  return new Failure('not-running', `${run.name} is ${run.state}: no trainer is at work.`, hint, 2);
}
