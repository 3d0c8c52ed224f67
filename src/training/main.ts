/**
 * The trainer process: `node trainer.js RUN_FOLDER [--attached] [--resume REQUEST]`. It reads the wanted settings from the
 * run folder, trains, and tells everything it does as events: to standard output, to the log of the run, to whoever
 * attaches. REQUEST is a `ResumeRequest` as JSON. `node trainer.js --probe DEVICE` answers whether a device works.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '../common/failure';
import { type ControlServer, readCommands, serveControl } from './control';
import { measureDevice } from './devices/measure';
import { PROBE_ANSWER, type ProbeOutcome } from './devices/probe';
import { type Device, DeviceUnavailable, OUT_OF_MEMORY } from './engines/onnxruntime';
import { lossSvg } from './loss-svg';
import { type EventBody, PROTOCOL_VERSION, type TrainerEvent } from './protocol';
import { createRequests } from './requests';
import type { ResumeRequest } from './resume';
import { type Report, trainRun } from './run';
import { type RunFolder, appendEvent, openRunFolder, readEvents } from './run-folder';
import { writeFailure } from './weights/files';

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { attached: { type: 'boolean' }, resume: { type: 'string' }, probe: { type: 'string' } },
  });
  if (values.probe !== undefined) return await answerProbe(values.probe as Device);
  const [path] = positionals;
  if (path === undefined) throw new Error('Usage: trainer.js RUN_FOLDER [--attached] [--resume REQUEST]');
  const resume = values.resume === undefined ? undefined : (JSON.parse(values.resume) as ResumeRequest);
  const folder = openRunFolder(path);
  const requests = createRequests();
  const stop = (): void => requests.receive({ type: 'stop' });
  process.on('SIGTERM', stop).on('SIGINT', stop);
  // The host may close its end at any time; the log has every event.
  process.stdout.on('error', () => undefined);
  const control = await serveControl(folder, requests.receive).catch((error: unknown) => {
    // Not into the log: it may be that of another trainer, or cannot be written.
    if (error instanceof Failure) say(failedEvent(error));
    throw error;
  });
  if (values.attached) readCommands(process.stdin, requests.receive, stop);
  const report = createReporter(folder, control);
  try {
    await trainRun(folder, report, requests.stopRequested, resume, requests.pause);
    return 0;
  } catch (error) {
    const failure = asFailure(error);
    if (failure !== error) console.error(error);
    try {
      report(failedEvent(failure));
    } catch (unwritable) {
      console.error(unwritable);
    }
    return failure.exitCode;
  } finally {
    drawLoss(folder);
    await control.close();
  }
}

/** Ends the process itself: some drivers crash when they are told to go. */
async function answerProbe(device: Device): Promise<never> {
  const answer: ProbeOutcome = await measureDevice(device).then(
    (measured) => ({ measured }),
    (error: unknown) => ({ failed: error instanceof DeviceUnavailable ? error.reason : String(error) }),
  );
  writeSync(1, `${PROBE_ANSWER}${JSON.stringify(answer)}\n`);
  process.exit(0);
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
    const event = stamped(body);
    try {
      appendEvent(folder, event);
    } finally {
      // Also when the disk is full: the host must hear of it.
      process.stdout.write(`${JSON.stringify(event)}\n`);
      control.broadcast(event);
    }
  };
}

/** To the host alone. */
function say(body: EventBody): void {
  process.stdout.write(`${JSON.stringify(stamped(body))}\n`);
}

function stamped(body: EventBody): TrainerEvent {
  return { v: PROTOCOL_VERSION, time: new Date().toISOString(), ...body } as TrainerEvent;
}

function failedEvent({ code, message, hint, exitCode }: Failure): EventBody {
  return { type: 'failed', code, message, hint, exitCode };
}

/** Errors that are no Failure are mistakes of ours, or of the runtime; memory is the likely cause of the latter. */
function asFailure(error: unknown): Failure {
  const known = error instanceof Error && 'path' in error ? writeFailure(error, String(error.path), 0) : error;
  if (known instanceof Failure) return known;
  const message = error instanceof Error ? error.message : String(error);
  if (OUT_OF_MEMORY.test(message))
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
