/**
 * The trainer process: `node trainer.js RUN_FOLDER [--attached] [--resume REQUEST]`. It reads the wanted settings from the
 * run folder, trains, and tells everything it does as events: to standard output, to the log of the run, to whoever
 * attaches. REQUEST is a `ResumeRequest` as JSON.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '../common/failure';
import { type ControlServer, readCommands, serveControl } from './control';
import { lossSvg } from './loss-svg';
import { PROTOCOL_VERSION, type TrainerEvent } from './protocol';
import type { ResumeRequest } from './resume';
import { type Report, trainRun } from './run';
import { type RunFolder, appendEvent, openRunFolder, readEvents } from './run-folder';

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { attached: { type: 'boolean' }, resume: { type: 'string' } },
  });
  const [path] = positionals;
  if (path === undefined) throw new Error('Usage: trainer.js RUN_FOLDER [--attached] [--resume REQUEST]');
  const resume = values.resume === undefined ? undefined : (JSON.parse(values.resume) as ResumeRequest);
  const folder = openRunFolder(path);
  let stopRequested = false;
  const stop = (): void => {
    stopRequested = true;
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  // The host may close its end at any time; the log has every event.
  process.stdout.on('error', () => undefined);
  const control = await serveControl(folder, stop);
  if (values.attached) readCommands(process.stdin, stop, stop);
  const report = createReporter(folder, control);
  try {
    await trainRun(folder, report, () => stopRequested, resume);
    return 0;
  } catch (error) {
    const failure = asFailure(error);
    const { code, message, hint, exitCode } = failure;
    if (failure !== error) console.error(error);
    report({ type: 'failed', code, message, hint, exitCode });
    return exitCode;
  } finally {
    drawLoss(folder);
    await control.close();
  }
}

/** The curve as a picture, whoever started the run. It is a convenience: what prevents it must not spoil the run. */
function drawLoss(folder: RunFolder): void {
  try {
    const events = readEvents(folder.path);
    if (events.some(({ type }) => type === 'metrics')) writeFileSync(join(folder.path, 'loss.svg'), lossSvg(events));
  } catch (error) {
    console.error(error);
  }
}

function createReporter(folder: RunFolder, control: ControlServer): Report {
  return (body) => {
    const event = { v: PROTOCOL_VERSION, time: new Date().toISOString(), ...body } as TrainerEvent;
    try {
      appendEvent(folder, event);
    } finally {
      // Also when the disk is full: the host must hear of it.
      process.stdout.write(`${JSON.stringify(event)}\n`);
      control.broadcast(event);
    }
  };
}

/** Errors that are no Failure are mistakes of ours, or of the runtime; memory is the likely cause of the latter. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/bad_alloc|out of memory|failed to allocate|array buffer allocation/i.test(message))
    return new Failure(
      'out-of-memory',
      `The memory of this machine is not enough: ${message}.`,
      'Lower batch_size or max_length; gradient_accumulation_steps makes up for a smaller batch.',
    );
  return new Failure('internal', message, 'See trainer.log in the run folder, and please report it.');
}

main().then(
  (code) => {
    process.exitCode = code;
    process.stdin.destroy();
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = error instanceof Failure ? error.exitCode : 1;
  },
);
