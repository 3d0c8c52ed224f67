import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import type { MetricsEvent, TrainerEvent } from '../../src/training/protocol';
import {
  appendEvent,
  createRunFolder,
  isLive,
  listRuns,
  openRunFolder,
  readEvents,
  summarizeRun,
  updateRunFile,
  watchEvents,
} from '../../src/training/run-folder';
import { serveControl } from '../../src/training/control';
import { temporaryFolder, until } from './fake-run';

const NOON = new Date(2026, 10, 24, 12, 5, 9);
const metrics = (step: number, loss: number | null = 2): MetricsEvent => ({
  v: 1,
  time: '2026-11-24T12:05:10.000Z',
  type: 'metrics',
  step,
  epoch: step / 10,
  loss,
  learningRate: 1e-4,
  gradientNorm: 1,
  tokensPerSecond: 100,
  trainedTokens: step,
  memoryBytes: 1,
  secondsLeft: 1,
});
const started = (totalSteps: number): TrainerEvent => ({
  v: 1,
  time: '2026-11-24T12:05:10.000Z',
  type: 'started',
  run: '/x',
  name: 'x',
  settings: { r: 8 },
  engine: 'reference',
  device: 'cpu',
  totalSteps,
  stepsPerEpoch: 5,
  trainExamples: 1,
  validationExamples: 0,
  baseParameters: 1,
  trainableParameters: 1,
});
const stopped: TrainerEvent = {
  v: 1,
  time: '2026-11-24T12:05:11.000Z',
  type: 'stopped',
  step: 7,
  checkpoint: null,
  adapter: null,
};

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function failure(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('createRunFolder', () => {
  it('names the folder by local time and slug and keeps it unique', () => {
    const names = ['Süpport  Bot!', 'Süpport  Bot!', '✓✓'].map((name) =>
      basename(createRunFolder(folder.path, name, {}, NOON).path),
    );
    expect(names).toEqual(['20261124-120509-support-bot', '20261124-120509-support-bot-2', '20261124-120509-run']);
  });

  it('writes run.json for its owner only, and a .gitignore into a new output folder', () => {
    const output = join(folder.path, '.finetune', 'runs');
    const run = createRunFolder(output, 'a', { model: '/m', epochs: 2 }, NOON);
    const file = openRunFolder(run.path).run;
    expect(file).toMatchObject({
      version: 1,
      name: 'a',
      created: NOON.toISOString(),
      requested: { model: '/m', epochs: 2 },
    });
    expect(file.token).toMatch(/^[0-9a-f]{64}$/);
    if (process.platform !== 'win32') expect(statSync(join(run.path, 'run.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(output, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('fails with exit code 2 where it cannot write', () => {
    writeFileSync(join(folder.path, 'file'), '');
    const error = failure(() => createRunFolder(join(folder.path, 'file', 'runs'), 'a', {}, NOON));
    expect(error).toMatchObject({ code: 'output-unwritable', exitCode: 2 });
    expect(error.message).toContain('a part of the path is a file');
  });
});

describe('run.json', () => {
  it('is updated in place and stays private', () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    const { token } = openRunFolder(run.path).run;
    updateRunFile(run, { settings: { r: 8 } });
    expect(openRunFolder(run.path).run).toMatchObject({ token, settings: { r: 8 } });
    if (process.platform !== 'win32') expect(statSync(join(run.path, 'run.json')).mode & 0o777).toBe(0o600);
  });

  it('is what makes a folder a run', () => {
    expect(failure(() => openRunFolder(folder.path))).toMatchObject({ code: 'not-a-run', exitCode: 2 });
  });
});

describe('the event log', () => {
  it('gives back what was written, non-ASCII text included', () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    const warning: TrainerEvent = { v: 1, time: '', type: 'warning', code: 'x', message: 'Größe\n2028:\u2028 😀' };
    for (const event of [started(3), warning, metrics(1)]) appendEvent(run, event);
    expect(readEvents(run.path)).toEqual([started(3), warning, metrics(1)]);
    expect(readEvents(join(folder.path, 'nowhere'))).toEqual([]);
  });

  it('closes a line that a killed writer left unfinished', () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    appendEvent(run, metrics(1));
    appendFileSync(run.eventsFile, '{"v":1,"type":"metr');
    appendEvent(run, metrics(2));
    expect(readEvents(run.path)).toEqual([metrics(1), metrics(2)]);
  });

  it.runIf(existsSync('/dev/full'))('reports a full disk', () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    symlinkSync('/dev/full', run.eventsFile);
    const error = failure(() => appendEvent(run, metrics(1)));
    expect(error).toMatchObject({ code: 'disk-full', exitCode: 1 });
    expect(error.message).toContain('no space left');
  });

  it('reports a run folder that has vanished', () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    folder.remove();
    expect(failure(() => appendEvent(run, metrics(1))).code).toBe('log-unwritable');
  });
});

describe('watchEvents', () => {
  it('replays, then follows, and waits for the rest of a torn line', async () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    const seen: TrainerEvent[] = [];
    const watcher = watchEvents(run.path, (events) => seen.push(...events));
    try {
      await new Promise((done) => setTimeout(done, 20));
      appendEvent(run, metrics(1));
      await until(() => seen.length === 1, 'the first event');
      const line = Buffer.from(`${JSON.stringify({ ...stopped, checkpoint: 'Ü' })}\n`);
      const half = line.indexOf(Buffer.from('Ü')) + 1;
      appendFileSync(run.eventsFile, line.subarray(0, half));
      await new Promise((done) => setTimeout(done, 250));
      expect(seen).toHaveLength(1);
      appendFileSync(run.eventsFile, line.subarray(half));
      await until(() => seen.length === 2, 'the second event');
      expect(seen[1]).toEqual({ ...stopped, checkpoint: 'Ü' });
    } finally {
      watcher.dispose();
    }
  });

  it('reads a log of several chunks in order and without loss, and stops when disposed', async () => {
    const run = createRunFolder(folder.path, 'a', {}, NOON);
    const long: TrainerEvent = { v: 1, time: '', type: 'warning', code: 'long', message: 'x'.repeat(3_000_000) };
    const all = [...Array.from({ length: 12_000 }, (_, i) => metrics(i + 1)), long, stopped];
    writeFileSync(run.eventsFile, all.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const chunks: TrainerEvent[][] = [];
    const watcher = watchEvents(run.path, (events) => chunks.push(events));
    await until(() => chunks.at(-1)?.at(-1)?.type === 'stopped', 'the last event');
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.flat()).toEqual(all);
    watcher.dispose();
    const count = chunks.length;
    appendEvent(run, metrics(1));
    await new Promise((done) => setTimeout(done, 250));
    expect(chunks).toHaveLength(count);
  });
});

describe('listRuns', () => {
  it('lists newest first, with the facts of the log, and tolerates damaged folders', async () => {
    const old = createRunFolder(folder.path, 'old', {}, new Date(2026, 0, 1));
    for (const event of [started(10), metrics(1, 3), metrics(7, null), stopped]) appendEvent(old, event);
    const best = {
      v: 1,
      time: '',
      type: 'evaluation',
      epoch: 1,
      perplexity: 1,
      tokenAccuracy: 0,
      trainedTokens: 1,
    } as const;
    const killed = createRunFolder(folder.path, 'killed', { epochs: 1 }, new Date(2026, 0, 2));
    appendEvent(killed, started(10));
    appendEvent(killed, { ...best, step: 2, loss: 1.5, best: true });
    appendEvent(killed, { ...best, step: 4, loss: 1.75, best: false });
    appendEvent(killed, metrics(4, 2.5));
    appendFileSync(killed.eventsFile, '{"v":1,"time":"","type":"metrics","step":5');
    mkdirSync(join(folder.path, '20260103-000000-broken'));
    writeFileSync(join(folder.path, '20260103-000000-broken', 'run.json'), '{');
    mkdirSync(join(folder.path, 'something-else'));
    writeFileSync(join(folder.path, 'a-file'), '');

    const runs = await listRuns(folder.path);
    expect(runs.map(({ name, state }) => [name, state])).toEqual([
      ['broken', 'running'], // just made, as far as anyone can tell
      ['killed', 'interrupted'],
      ['old', 'stopped'],
    ]);
    expect(runs[1]).toMatchObject({ lastStep: 4, totalSteps: 10, lastLoss: 2.5, bestValidationLoss: 1.5 });
    expect(runs[1]?.settings).toEqual({ r: 8 });
    expect(runs[2]).toMatchObject({ lastStep: 7, lastLoss: null, final: stopped });
    expect(await listRuns(join(folder.path, 'nowhere'))).toEqual([]);
  });

  it('takes a run that was resumed after its end for unfinished', async () => {
    const run = createRunFolder(folder.path, 'again', {}, new Date(2026, 0, 1));
    for (const event of [started(10), metrics(7), stopped, started(10), metrics(8)]) appendEvent(run, event);
    expect(await summarizeRun(run.path)).toMatchObject({ state: 'interrupted', lastStep: 8 });
  });

  it('is as its trainer left it after it was evaluated', async () => {
    const run = createRunFolder(folder.path, 'evaluated', {}, NOON);
    for (const event of [started(10), metrics(7), stopped]) appendEvent(run, event);
    const before = await summarizeRun(run.path);
    expect(before.state).toBe('stopped');
    const values = { base: { perplexity: 9 }, tuned: { perplexity: 2 } };
    appendEvent(run, { v: 1, time: '2026-11-25T12:00:00.000Z', type: 'evaluated', name: 'x', report: '/x', ...values });
    expect(await summarizeRun(run.path)).toEqual(before);
  });

  it('leaves out the steps after the checkpoint that a run was resumed from', async () => {
    const run = createRunFolder(folder.path, 'again', {}, new Date(2026, 0, 1));
    const resumed = (resumedFrom: number): TrainerEvent => ({ ...started(20), resumedFrom }) as TrainerEvent;
    const evaluated = (step: number, loss: number): TrainerEvent => ({
      ...{ v: 1, time: '', type: 'evaluation', epoch: 1, perplexity: 1, tokenAccuracy: 0, trainedTokens: 1 },
      ...{ step, loss, best: true },
    });
    const first = [metrics(6, 3), evaluated(6, 2), metrics(7, 2.5), metrics(8, 2.25), evaluated(8, 1), metrics(9, 2)];
    for (const event of [started(10), ...first, resumed(7)]) appendEvent(run, event);
    expect(await summarizeRun(run.path)).toMatchObject({
      ...{ lastStep: 7, lastLoss: 2.5, totalSteps: 20, bestValidationLoss: 2 },
    });
    for (const event of [metrics(8, 2.125), evaluated(8, 1.5)]) appendEvent(run, event);
    expect(await summarizeRun(run.path)).toMatchObject({ lastStep: 8, lastLoss: 2.125, bestValidationLoss: 1.5 });
    appendEvent(run, resumed(0));
    const summary = await summarizeRun(run.path);
    expect(summary).toMatchObject({ lastStep: 0, lastLoss: null });
    expect(summary).not.toHaveProperty('bestValidationLoss');
  });

  it('shows a run as running once it is resumed, before its trainer has said a word', async () => {
    const run = createRunFolder(folder.path, 'again', {}, new Date(2026, 0, 1));
    for (const event of [started(10), metrics(7), { ...stopped, time: '2026-01-01T00:00:00.000Z' }])
      appendEvent(run, event);
    expect((await summarizeRun(run.path)).state).toBe('stopped');
    const server = await serveControl(run, () => undefined);
    const summary = await summarizeRun(run.path);
    expect(summary).toMatchObject({ state: 'running', lastStep: 7 });
    expect(summary).not.toHaveProperty('final');
    // Its own last word counts at once, although it still holds its socket.
    appendEvent(run, { ...stopped, time: new Date().toISOString() });
    expect((await summarizeRun(run.path)).state).toBe('stopped');
    await server.close();
  });

  it('shows a run as paused while its trainer waits, and as interrupted when that is gone', async () => {
    const run = createRunFolder(folder.path, 'pause', {}, new Date(2026, 0, 1));
    const at = (type: 'paused' | 'continued'): TrainerEvent => ({
      v: 1,
      time: new Date().toISOString(),
      type,
      step: 7,
    });
    for (const event of [started(10), metrics(7), at('paused')]) appendEvent(run, event);
    expect((await summarizeRun(run.path)).state).toBe('interrupted');
    const server = await serveControl(run, () => undefined);
    const paused = await summarizeRun(run.path);
    expect([paused.state, isLive(paused), paused.lastStep]).toEqual(['paused', true, 7]);
    appendEvent(run, at('continued'));
    expect((await summarizeRun(run.path)).state).toBe('running');
    for (const event of [at('paused'), started(10)]) appendEvent(run, event);
    expect((await summarizeRun(run.path)).state).toBe('running');
    await server.close();
  });

  it('is quick on a long log', async () => {
    const run = createRunFolder(folder.path, 'long', {}, NOON);
    const lines = Array.from({ length: 100_000 }, (_, i) => `${JSON.stringify(metrics(i + 1))}\n`);
    writeFileSync(run.eventsFile, lines.join(''));
    const begin = performance.now();
    expect((await summarizeRun(run.path)).lastStep).toBe(100_000);
    expect(performance.now() - begin).toBeLessThan(1500);
  });
});
