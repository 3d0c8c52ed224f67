import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildSync } from 'esbuild';
import { attach, probe } from '../../src/training/control';
import { isAlive } from '../../src/training/kill-tree';
import { findNode, launchTrainer } from '../../src/training/launcher';
import type { Trainer } from '../../src/training/launcher';
import type { TrainerEvent } from '../../src/training/protocol';
import type { RunFolder } from '../../src/training/run-folder';
import { createRunFolder, readEvents, summarizeRun } from '../../src/training/run-folder';
import { buildFakeTrainer, plan, temporaryFolder, until } from './fake-run';

let folder: ReturnType<typeof temporaryFolder>;
let trainerPath: string;
let run: RunFolder;
let events: TrainerEvent[];
beforeAll(() => {
  folder = temporaryFolder();
  trainerPath = buildFakeTrainer(folder.path);
});
beforeEach(() => {
  run = createRunFolder(join(folder.path, 'runs'), 'a', { r: 8 }, new Date(2026, 0, 1));
  events = [];
});
afterAll(() => folder.remove());

const launch = (attached = true): Trainer =>
  launchTrainer({
    nodePath: process.execPath,
    trainerPath,
    runFolder: run,
    attached,
    onEvent: (event) => events.push(event),
  });
const stepsDone = (n: number) => (): boolean => events.some((event) => event.type === 'metrics' && event.step >= n);
const state = async (): Promise<string> => (await summarizeRun(run.path)).state;

describe('launchTrainer', () => {
  it('streams the events of a whole run, equal to its log', async () => {
    plan({ steps: 4 });
    const { code, signal, logTail } = await launch().exited;
    expect({ code, signal, logTail }).toEqual({ code: 0, signal: null, logTail: '' });
    expect(events.map((event) => event.type)).toEqual([
      ...['started', 'phase', 'phase', 'phase', 'metrics', 'metrics', 'metrics', 'metrics'],
      ...['evaluation', 'checkpoint', 'completed'],
    ]);
    expect(readEvents(run.path)).toEqual(events);
    expect(await summarizeRun(run.path)).toMatchObject({ state: 'completed', lastStep: 4, bestValidationLoss: 1.25 });
    expect(existsSync(join(run.path, 'process.json'))).toBe(false);
  });

  it('stops on a command through standard input', async () => {
    plan({ steps: 10_000 });
    const trainer = launch();
    await until(stepsDone(2), 'two steps');
    trainer.send({ type: 'stop' });
    expect((await trainer.exited).code).toBe(0);
    expect(events.at(-1)?.type).toBe('stopped');
    trainer.send({ type: 'stop' });
  });

  it('leaves a detached trainer to itself, which is found again and stopped through its socket', async () => {
    plan({ steps: 10_000 });
    const trainer = launch(false);
    expect(await until(async () => (await probe(run.path)) === 'alive', 'the trainer')).toBe(true);
    expect(await state()).toBe('running');
    const connection = await attach(run.path);
    expect(connection?.processId).toBe(trainer.processId);
    trainer.send({ type: 'stop' });
    expect((await trainer.exited).code).toBe(0);
    expect(events).toEqual([]);
    expect(await state()).toBe('stopped');
  });

  it('shows a killed trainer as interrupted', async () => {
    plan({ steps: 10_000, at: 3, then: 'SIGKILL' });
    expect(await launch().exited).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(existsSync(join(run.path, 'process.json'))).toBe(true);
    expect(await summarizeRun(run.path)).toMatchObject({ state: 'interrupted', lastStep: 3 });
  });

  it('keeps what a broken trainer wrote to standard error', async () => {
    plan({ steps: 10, at: 2, then: 'throw' });
    const { code, logTail } = await launch().exited;
    expect(code).toBe(1);
    expect(logTail).toContain('the fake trainer broke');
  });

  it('kills the whole tree, grandchildren with a group of their own included', async () => {
    plan({ steps: 10_000, at: 1, then: 'child' });
    const trainer = launch();
    const file = join(run.path, 'grandchild');
    const grandchild = Number(await until(() => existsSync(file) && readFileSync(file, 'utf8'), 'the grandchild'));
    expect([trainer.processId, grandchild].map(isAlive)).toEqual([true, true]);
    await trainer.kill();
    await until(() => !isAlive(trainer.processId) && gone(grandchild), 'the end of both');
    expect((await trainer.exited).signal).toBe('SIGKILL');
    await trainer.kill();
  });

  it('kills a trainer that does not listen', async () => {
    plan({ steps: 10_000, at: 1, then: 'hang' });
    const trainer = launch();
    await until(stepsDone(2), 'two steps');
    trainer.send({ type: 'stop' });
    await trainer.kill();
    expect(await state()).toBe('interrupted');
  });

  it('ends with its host when attached', async () => {
    plan({ steps: 10_000 });
    const host = join(folder.path, 'host.cjs');
    buildSync({
      stdin: {
        contents: `
          import { launchTrainer } from './src/training/launcher';
          import { openRunFolder } from './src/training/run-folder';
          const [trainerPath, path] = process.argv.slice(2);
          launchTrainer({ nodePath: process.execPath, trainerPath, runFolder: openRunFolder(path), attached: true });
          setInterval(() => {}, 1000);`,
        resolveDir: join(import.meta.dirname, '..', '..'),
      },
      outfile: host,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
    const parent = spawn(process.execPath, [host, trainerPath, run.path], { stdio: 'inherit' });
    await until(async () => (await probe(run.path)) === 'alive', 'the trainer');
    parent.kill('SIGKILL');
    await until(async () => (await state()) === 'stopped', 'the end of the orphan');
  });

  it('says what is wrong when the process cannot be started', async () => {
    const trainer = launchTrainer({ nodePath: '/nowhere/node', trainerPath, runFolder: run, attached: true });
    await expect(trainer.exited).rejects.toMatchObject({ code: 'trainer-not-started', exitCode: 2 });
    await trainer.kill();
  });
});

describe('findNode', () => {
  it('takes the running Node, or the one that is named', async () => {
    expect(await findNode()).toBe(process.execPath);
    expect(await findNode(process.execPath)).toBe(process.execPath);
  });

  it.skipIf(process.platform === 'win32')('refuses what is missing, too old or no Node', async () => {
    const fake = (name: string, answer: string): string => {
      const path = join(folder.path, name);
      writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
      chmodSync(path, 0o755);
      return path;
    };
    for (const [path, problem] of [
      ['/nowhere/node', 'it does not exist'],
      [fake('old', '["18.20.4",""]'), 'its version is 18.20.4'],
      [fake('electron', '["22.1.0","33.0.0"]'), 'it is Electron 33.0.0'],
      [fake('other', 'hello'), 'it does not answer like Node'],
    ] as const) {
      await expect(findNode(path)).rejects.toMatchObject({ code: 'node-unusable', exitCode: 2 });
      await expect(findNode(path)).rejects.toThrow(problem);
    }
  });
});

/** A killed orphan stays in the table until its new parent has asked for it. */
function gone(processId: number): boolean {
  if (!isAlive(processId)) return true;
  if (process.platform !== 'linux') return false;
  return /^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
}
