import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveControl } from '../../src/training/control';
import type { Trainer, TrainerExit } from '../../src/training/launcher';
import type { EventBody, TrainerCommand } from '../../src/training/protocol';
import { appendEvent, createRunFolder, type RunFolder } from '../../src/training/run-folder';
import { parseSettings } from '../../src/training/settings';
import { LiveRun } from '../../src/workbench/live-run';
import { Runs } from '../../src/workbench/runs';

let output: string;
let runs: Runs;
let launched: RunFolder[];
let logged: string[];
let exit: (exit: TrainerExit) => void;

beforeEach(() => {
  output = mkdtempSync(path.join(tmpdir(), 'runs-'));
  launched = [];
  logged = [];
  runs = newRuns();
});
afterEach(() => {
  runs.dispose();
  rmSync(output, { recursive: true });
});

function newRuns(): Runs {
  const exited = new Promise<TrainerExit>((settle) => (exit = settle));
  const trainer: Trainer = { processId: 1, exited, send: () => undefined, kill: () => Promise.resolve() };
  return new Runs({
    prepare: () =>
      Promise.resolve((folder) => {
        launched.push(folder);
        return trainer;
      }),
    outputFolders: () => [output],
    rememberOutputFolder: () => undefined,
    now: () => new Date(),
    log: (message) => logged.push(message),
  });
}

async function start(): Promise<LiveRun> {
  const written = { model: '/m', train_file: '/data/tickets.jsonl', output_dir: output };
  const parsed = parseSettings(written);
  if (!parsed.ok) throw new Error('unusable settings');
  return runs.start(written, parsed.settings);
}

const write = (folder: RunFolder, body: EventBody): void =>
  appendEvent(folder, { v: 1, time: new Date().toISOString(), ...body });
const metrics = (step: number): EventBody => ({
  type: 'metrics',
  step,
  epoch: 0,
  loss: 2,
  learningRate: 1e-4,
  gradientNorm: 1,
  tokensPerSecond: 1,
  trainedTokens: 1,
  memoryBytes: 1,
  secondsLeft: 10,
});

const startedAfter = (resumedFrom: number): EventBody => ({
  type: 'started',
  run: '/r',
  resumedFrom,
  name: 'support',
  settings: {},
  engine: 'onnxruntime',
  device: 'cpu',
  totalSteps: 20,
  stepsPerEpoch: 5,
  trainExamples: 1,
  validationExamples: 0,
  baseParameters: 1,
  trainableParameters: 1,
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !condition(); i++) await new Promise((done) => setTimeout(done, 10));
  expect(condition()).toBe(true);
}

describe('a run that is started here', () => {
  it('gets a folder named after its data, with the settings as they were given', async () => {
    const run = await start();
    expect(path.basename(run.path)).toMatch(/^\d{8}-\d{6}-tickets$/);
    const file: unknown = JSON.parse(readFileSync(path.join(run.path, 'run.json'), 'utf8'));
    expect(file).toMatchObject({ requested: { model: '/m', train_file: '/data/tickets.jsonl', output_dir: output } });
  });

  it('is followed to its last event', async () => {
    const run = await start();
    let changes = 0;
    runs.onChange(() => changes++);
    for (let step = 1; step <= 50; step++) write(launched[0]!, metrics(step));
    await until(() => run.progress.step === 50);
    expect(run.progress).toMatchObject({ state: 'training', loss: 2 });
    write(launched[0]!, { type: 'stopped', step: 50, checkpoint: '/c', adapter: null });
    expect((await run.ended).final).toMatchObject({ type: 'stopped', checkpoint: '/c' });
    await until(() => runs.live.length === 0);
    // Training, stopped, gone from the list: steps alone are not announced.
    expect(changes).toBe(3);
  });

  it('is interrupted when the trainer ends without a word', async () => {
    const run = await start();
    exit({ code: null, signal: 'SIGKILL', logTail: 'out of memory' });
    expect(await run.ended).toMatchObject({ state: 'interrupted', lost: { code: 'trainer-killed' } });
    expect(logged.join('\n')).toContain('ran out of memory');
  });

  it('counts the last event that was written just before the end of the process', async () => {
    const run = await start();
    exit({ code: 0, signal: null, logTail: '' });
    write(launched[0]!, { type: 'stopped', step: 1, checkpoint: null, adapter: null });
    expect(await run.ended).toMatchObject({ state: 'stopped' });
  });

  it('is asked to stop even before its trainer listens', async () => {
    const run = await start();
    const stopping = run.stop();
    expect(run.progress.state).toBe('stopping');
    const commands: TrainerCommand[] = [];
    const server = await serveControl(launched[0]!, (command) => commands.push(command));
    await stopping;
    await until(() => commands.length === 1);
    expect(commands).toEqual([{ type: 'stop' }]);
    await server.close();
  });
});

describe('a run that is resumed', () => {
  const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 300));

  it('is followed from where it goes on; the end of its first part does not count', async () => {
    const folder = createRunFolder(output, 'support', {}, new Date(Date.now() - 60_000));
    for (let step = 1; step <= 9; step++) write(folder, metrics(step));
    write(folder, { type: 'stopped', step: 9, checkpoint: null, adapter: null });
    await soon();
    const given = { path: folder.path, name: 'support' };
    const resuming = runs.resume(given, {});
    await expect(runs.resume(given, {})).rejects.toMatchObject({ code: 'run-in-use' });
    const run = await resuming;
    await expect(runs.resume(given, {})).rejects.toMatchObject({ code: 'run-in-use' });
    await soon();
    expect(run.progress.state).not.toBe('stopped');
    expect(launched.map(({ path }) => path)).toEqual([folder.path]);
    write(folder, startedAfter(7));
    await until(() => run.progress.step === 7);
    write(folder, metrics(8));
    await until(() => run.progress.step === 8);
    expect(run.progress.state).toBe('training');
    write(folder, { type: 'stopped', step: 8, checkpoint: null, adapter: null });
    expect(await run.ended).toMatchObject({ state: 'stopped', step: 8 });
  });

  it('is refused while its trainer lives and when it is completed', async () => {
    const folder = createRunFolder(output, 'support', {}, new Date());
    const server = await serveControl(folder, () => undefined);
    write(folder, metrics(1));
    await expect(runs.resume({ path: folder.path, name: 'support' }, {})).rejects.toMatchObject({ code: 'run-in-use' });
    await server.close();
    const numbers = { loss: 1, validationLoss: null, bestStep: null, trainedTokens: 1, peakMemoryBytes: 1 };
    write(folder, { type: 'completed', adapter: '/a', step: 1, seconds: 1, metrics: numbers });
    await expect(runs.resume({ path: folder.path, name: 'support' }, {})).rejects.toMatchObject({
      code: 'run-completed',
    });
    expect(launched).toEqual([]);
  });
});

describe('a run that goes on after a reload', () => {
  it('is found, replayed and stopped without a second trainer', async () => {
    const folder = createRunFolder(output, 'support', {}, new Date(Date.now() - 60_000));
    const commands: TrainerCommand[] = [];
    const server = await serveControl(folder, (command) => commands.push(command));
    for (let step = 1; step <= 7; step++) write(folder, metrics(step));
    const found: string[] = [];
    runs.onLive((run, origin) => found.push(`${origin} ${run.path}`));
    await Promise.all([runs.look('found'), runs.look('elsewhere')]);
    expect(found).toHaveLength(1);
    expect(launched).toEqual([]);
    const run = runs.live[0]!;
    await until(() => run.progress.step === 7);
    expect(run.progress).toMatchObject({ name: 'support', state: 'training' });
    await run.stop();
    await until(() => commands.length === 1);
    write(folder, { type: 'stopped', step: 8, checkpoint: null, adapter: null });
    expect((await run.ended).state).toBe('stopped');
    await server.close();
  });

  it('is found paused, and goes on or waits again when it is asked to', async () => {
    const folder = createRunFolder(output, 'support', {}, new Date(Date.now() - 60_000));
    const commands: TrainerCommand[] = [];
    const server = await serveControl(folder, (command) => commands.push(command));
    write(folder, metrics(7));
    write(folder, { type: 'paused', step: 7 });
    await runs.look('found');
    const run = runs.live[0]!;
    await until(() => run.progress.state === 'paused');
    await expect(runs.resume({ path: folder.path, name: 'support' }, {})).rejects.toMatchObject({ code: 'run-in-use' });
    await run.pause();
    await run.continue();
    write(folder, { type: 'continued', step: 7 });
    await until(() => run.progress.state === 'training');
    await run.continue();
    const pausing = run.pause();
    expect(run.progress.state).toBe('pausing');
    await pausing;
    // Taken back before the trainer has finished its step: it says nothing.
    await run.continue();
    expect(run.progress.state).toBe('training');
    await until(() => commands.length === 3);
    expect(commands.map(({ type }) => type)).toEqual(['continue', 'pause', 'continue']);
    await server.close();
  });

  it('is found when its trainer begins after the first look', async () => {
    const folder = createRunFolder(output, 'resumed', {}, new Date());
    write(folder, { type: 'stopped', step: 3, checkpoint: null, adapter: null });
    await runs.look('found');
    expect(runs.live).toEqual([]);
    const server = await serveControl(folder, () => undefined);
    write(folder, { type: 'phase', phase: 'load', state: 'begin' });
    await runs.look('elsewhere');
    expect(runs.live.map((run) => run.path)).toEqual([folder.path]);
    await server.close();
  });

  it('is interrupted when its trainer goes without a word', async () => {
    const folder = createRunFolder(output, 'support', {}, new Date());
    const server = await serveControl(folder, () => undefined);
    write(folder, metrics(1));
    const run = new LiveRun({ path: folder.path, name: 'support', probeMs: 50 });
    await until(() => run.progress.step === 1);
    await new Promise((done) => setTimeout(done, 200));
    expect(run.progress.state).toBe('training');
    await server.close();
    expect(await run.ended).toMatchObject({ state: 'interrupted', step: 1 });
  });

  it('is not followed when it has ended or its trainer is gone', async () => {
    const ended = createRunFolder(output, 'ended', {}, new Date(Date.now() - 60_000));
    write(ended, { type: 'stopped', step: 8, checkpoint: null, adapter: null });
    const killed = createRunFolder(output, 'killed', {}, new Date(Date.now() - 60_000));
    write(killed, metrics(3));
    let changes = 0;
    runs.onChange(() => changes++);
    await runs.look('found');
    await runs.look('elsewhere');
    expect(runs.live).toEqual([]);
    expect(changes).toBe(1);
    expect((await runs.list()).map((run) => [run.name, run.state])).toEqual([
      ['killed', 'interrupted'],
      ['ended', 'stopped'],
    ]);
  });
});
