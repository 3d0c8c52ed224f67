/**
 * Writing that fails and files that are gone or cut: a clear failure with what to do, nothing corrupt, and the run can
 * be resumed to the same end. One run meets all of it. A limit on the size of files (`ulimit -f`) makes `write` fail in the middle as a full disk
 * does, and needs no rights that a CI machine does not give.
 */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { TrainerEvent } from '../../src/training/protocol';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointSteps } from '../../src/training/checkpoint';
import { readEvents, runFolderAt, summarizeRun } from '../../src/training/run-folder';
import { temporaryFolder } from './fake-run';
import { STEPS, create, dataFile, expectSameRun, expectUsable, runCli, sample, settingsFor, startTrainer, train, trainWithOutput, untilEvent } from './trainer-process'; // prettier-ignore

const folder = temporaryFolder();
afterAll(() => folder.remove());
const base = join(folder.path, 'base');
cpSync(join(sample, 'base'), base, { recursive: true });
const settings: Readonly<Record<string, unknown>> = { ...settingsFor(folder.path, 'lora'), model: base };
const state = async (path: string): Promise<string> => (await summarizeRun(path)).state;

let whole: string;
let stopped: string;
beforeAll(async () => {
  whole = create(settings, 'whole');
  expect(train(whole)).toBe(0);
  stopped = create(settings, 'stopped');
  const child = startTrainer(stopped, false);
  const ended = new Promise((done) => child.once('exit', done));
  await untilEvent(stopped, child, 'evaluation', 1);
  child.kill('SIGTERM');
  await ended;
  expect(await state(stopped)).toBe('stopped');
}, 300_000);

const LIMIT_KB = 16_384;
/** Runs a command that may write no file larger than this. */
const limitedTo = (kilobytes: number): string[] => ['bash', '-c', `ulimit -f ${kilobytes}; exec "$@"`, 'bash'];

/** What was wrong is over: the run comes to the end that it would have had. */
function expectResumes(path: string): void {
  expect(train(path, true)).toBe(0);
  expectSameRun(path, whole);
  expect(expectUsable(path)).toBe(STEPS);
}

describe.skipIf(process.platform === 'win32')('writing that fails', () => {
  it('in a checkpoint', () => {
    const path = stopped;
    const before = expectUsable(path);
    // The converted base (3.7 MB) and the adapter (2.5 MB) may be written, the moments (5 MB) may not.
    const { status, final } = trainWithOutput(path, true, ...limitedTo(4000));
    expect(status).toBe(1);
    expect(final).toMatchObject({
      type: 'failed',
      code: 'write-failed',
      hint: expect.stringMatching(/ulimit/) as string,
    });
    expect(final).toHaveProperty(
      'message',
      expect.stringMatching(/optimizer\.safetensors cannot be written: it grows beyond/),
    );
    expect(readEvents(path).at(-1)).toEqual(final);
    // What was there is untouched, and nothing half-written is beside it.
    expect(expectUsable(path)).toBe(before);
  });

  it('in the log', () => {
    const path = stopped;
    const { eventsFile } = runFolderAt(path);
    const kept = readFileSync(eventsFile);
    // Almost as long as a file may be; a checkpoint is shorter.
    const event: TrainerEvent = { v: 1, time: '', type: 'warning', code: 'long', message: '' };
    const room = 1024 * LIMIT_KB - kept.length - JSON.stringify(event).length - 3000;
    appendFileSync(eventsFile, `${JSON.stringify({ ...event, message: ' '.repeat(room) })}\n`);
    const { status, final } = trainWithOutput(path, true, ...limitedTo(LIMIT_KB));
    expect(status).toBe(1);
    expect(final).toMatchObject({
      type: 'failed',
      code: 'log-unwritable',
      message: expect.stringMatching(/events\.jsonl cannot be written: it grows beyond/) as string,
    });
    // No torn line.
    expect(readFileSync(eventsFile).at(-1)).toBe(10);
    writeFileSync(eventsFile, kept);
  });

  it('anywhere in the run folder', () => {
    const path = stopped;
    const before = readEvents(path);
    // Root may write everywhere: then the trainer is another user.
    const user = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : [];
    chmodSync(folder.path, 0o755);
    chmodSync(join(path, 'run.json'), 0o444);
    chmodSync(path, 0o555);
    const { status, final } = trainWithOutput(path, true, ...user);
    chmodSync(path, 0o755);
    expect(status).toBe(1);
    expect(final).toMatchObject({
      type: 'failed',
      code: 'write-failed',
      message: `${path} cannot be written (EACCES).`,
      hint: expect.stringContaining('permissions') as string,
    });
    expect(readEvents(path)).toEqual(before);
  });

  it('since the run folder is gone: the trainer ends', async () => {
    const path = create(settings, 'removed');
    const child = startTrainer(path, false);
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    await untilEvent(path, child, 'metrics', 0);
    renameSync(path, `${path}-gone`);
    expect(await ended).toBe(1);
  });
});

describe('a run whose files are gone or cut is refused, and goes on when they are back', () => {
  const refused = (path: string, ...parts: readonly (RegExp | string)[]): void => {
    const { status, text } = runCli('resume', path);
    expect(status, text).toBe(2);
    for (const part of parts) expect(text).toMatch(part);
    expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  };

  it('base weights and training data', () => {
    const path = stopped;
    const weights = join(base, 'model.safetensors');
    cpSync(weights, `${weights}.kept`);
    truncateSync(weights, 200_000);
    refused(path, /model\.safetensors is cut off/, /again/);
    renameSync(`${weights}.kept`, weights);
    rmSync(String(settings['train_file']));
    refused(path, /The data of this run is gone/, /Put the file back/);
    dataFile(folder.path, 'train', 24);
  });
});

describe('after all that', () => {
  it('the run goes on; an export that fails is made when it can be', () => {
    const path = stopped;
    rmSync(join(path, 'adapter'), { recursive: true });
    writeFileSync(join(path, 'adapter'), 'a file in the way');
    const { status, final } = trainWithOutput(path, true);
    expect(status).toBe(1);
    expect(final).toMatchObject({ type: 'failed', code: 'write-failed' });
    expect(final).toHaveProperty('message', expect.stringContaining(join(path, 'adapter')));
    // All steps are made and saved: only the export is left.
    expect(checkpointSteps(runFolderAt(path).checkpoints)).toContain(STEPS);
    rmSync(join(path, 'adapter'));
    expectResumes(path);
  });
});
