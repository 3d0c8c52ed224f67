/** `fine-tune resume RUN`: goes on with a run, in the foreground. */
import { Failure } from '../common/failure';
import { findNode } from '../training/launcher';
import { RESUME_FORCEABLE, type ResumeRequest, requireResumable } from '../training/resume';
import { openRunFolder, readEvents } from '../training/run-folder';
import { SETTINGS } from '../training/settings';
import type { Arguments, Command } from './command';
import { findRun } from './find-run';
import { numberFlag } from './number-flag';
import { OUTPUT_DIR_FLAG } from './runs';
import { outputDir } from './setting-flags';
import type { Terminal } from './terminal';
import { failingAsEvent, report, superviseTrainer } from './train';

const MOST_STEPS = 1_000_000_000;
const DEVICES = SETTINGS.device.choices;

/** @param trainerPath the bundle of the trainer process */
export function resumeCommand(trainerPath: string): Command {
  return {
    name: 'resume',
    usage: 'RUN [--checkpoint STEP] [--max-steps N] [--device NAME]',
    summary: 'Goes on with a stopped, failed or interrupted run. RUN is a folder, a name, or "last".',
    operands: { least: 1, most: 1 },
    flags: [
      {
        name: 'checkpoint',
        value: 'STEP',
        help: 'Goes on from this checkpoint; later ones are removed. Default: the newest.',
      },
      { name: 'max-steps', value: 'N', help: 'Ends the run after this many steps in all. Default: as the run has it.' },
      {
        name: 'device',
        value: 'NAME',
        help: `Continues on this device: ${DEVICES.join(', ')}. Default: as the run has it; auto keeps the one that the run began on, while it works.`,
      },
      {
        name: 'force',
        value: 'NAME',
        help: 'Goes on although it is refused: data-changed, best-damaged, or a code of the preflight.',
        many: true,
      },
      { name: 'json', help: 'Prints the events, one JSON object a line, and nothing else.' },
      OUTPUT_DIR_FLAG,
    ],
    notes: [
      'The run goes on in its folder, with its settings. On the same machine the losses are those of a run that was',
      'never interrupted. Ctrl-C and exit codes are those of "fine-tune train".',
    ].join('\n'),
    run: (input, terminal) => failingAsEvent(input.has('json'), terminal, () => resume(input, terminal, trainerPath)),
  };
}

async function resume(input: Arguments, terminal: Terminal, trainerPath: string): Promise<number> {
  const request = readRequest(input);
  const run = await findRun(input.operands[0]!, outputDir(input, terminal.cwd), terminal.cwd);
  await requireResumable(run, request);
  const runFolder = openRunFolder(run.path);
  const json = input.has('json');
  const launch = { nodePath: await findNode(), trainerPath, runFolder, resume: request };
  const { code, events } = await superviseTrainer(launch, terminal, json);
  // The whole curve; but when the trainer has said nothing, its last word is that of an earlier one.
  if (!json) report(events.length > 0 ? readEvents(run.path) : events, runFolder, terminal);
  return code;
}

function readRequest(input: Arguments): ResumeRequest {
  const force = input.all('force').flatMap((names) => names.split(','));
  const unknown = force.find((name) => !RESUME_FORCEABLE.includes(name));
  if (unknown !== undefined)
    throw new Failure('usage', `--force ${unknown} is not possible.`, `It can be ${RESUME_FORCEABLE.join(', ')}.`, 2);
  const name = input.last('device');
  const device = DEVICES.find((each) => each === name);
  if (name !== undefined && device === undefined)
    throw new Failure('usage', `--device ${name} is not possible.`, `It can be ${DEVICES.join(', ')}.`, 2);
  const limits = { least: 1, most: MOST_STEPS, whole: true };
  return {
    ...(input.has('checkpoint') && { checkpoint: numberFlag(input, 'checkpoint', 1, limits) }),
    ...(input.has('max-steps') && { maxSteps: numberFlag(input, 'max-steps', 1, limits) }),
    ...(device !== undefined && { device }),
    force,
  };
}
