/** `kill -9` at random moments, during saves as well: the run always goes on, and comes to the same end. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { checkpointSteps, openCheckpoint, restoreCheckpoint } from '../../src/training/checkpoint';
import { createOptimizerState, type Parameter } from '../../src/training/optimizer';
import { createRunFolder, readEvents, runFolderAt, summarizeRun } from '../../src/training/run-folder';
import { readSafetensorsHeader } from '../../src/training/weights/safetensors';
import { readFloats } from '../../src/training/weights/tensor-info';
import { temporaryFolder, until } from './fake-run';

const root = resolve(__dirname, '..', '..');
const trainer = join(root, 'dist', 'trainer.js');
const cli = join(root, 'dist', 'cli.js');
const sample = join(root, 'media', 'sample');
const STEPS = 30;
/** Of each of four runs. */
const KILLS = 5;

const folder = temporaryFolder();
afterAll(() => folder.remove());
const trainFile = join(folder.path, 'train.jsonl');

/** Saved after every step, so that about every third kill hits a save. */
const common = {
  model: join(sample, 'base'),
  train_file: trainFile,
  max_length: 384,
  batch_size: 1,
  gradient_accumulation_steps: 2,
  max_steps: STEPS,
  save_steps: 1,
  save_total_limit: 1,
  threads: 1,
  output_dir: folder.path,
};
const methods = {
  lora: { ...common, lora_dropout: 0.1, target_modules: ['all-linear'], learning_rate: 0.01, r: 64 },
  full: { ...common, method: 'full', learning_rate: 0.001 },
};
type Method = keyof typeof methods;

const start = (method: Method): string => createRunFolder(folder.path, method, methods[method], new Date()).path;
const trained = (path: string): Buffer =>
  readFileSync(
    existsSync(join(path, 'model'))
      ? join(path, 'model', 'model.safetensors')
      : join(path, 'adapter', 'adapter_model.safetensors'),
  );

/** Starts a trainer and kills it a random time after its first step. Returns whether it had not ended by itself. */
async function trainAndKill(path: string, resume: boolean, waitMs: number): Promise<boolean> {
  const before = readEvents(path).length;
  const child = spawn(process.execPath, [trainer, path, ...(resume ? ['--resume', '{}'] : [])], { stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((done) => child.once('exit', (_, signal) => done(signal)));
  await until(
    () =>
      child.exitCode !== null ||
      readEvents(path)
        .slice(before)
        .some(({ type }) => type === 'metrics'),
    'the first step',
    20_000,
  );
  await new Promise((done) => setTimeout(done, waitMs));
  child.kill('SIGKILL');
  return (await ended) === 'SIGKILL';
}

/** Everything in the newest complete checkpoint can be read. */
function expectUsable(path: string): number {
  const { checkpoints } = runFolderAt(path);
  const step = checkpointSteps(checkpoints).at(-1)!;
  const checkpoint = openCheckpoint(checkpoints, step);
  const tensors = readSafetensorsHeader(join(checkpoint.path, 'adapter.safetensors')).tensors;
  const parameters: Parameter[] = [...tensors.values()].map((info) => ({
    name: info.name,
    shape: info.shape,
    data: readFloats(info),
  }));
  restoreCheckpoint(checkpoint, parameters, createOptimizerState(parameters));
  return step;
}

describe.each(['lora', 'full'] as const)('a run (%s) that is killed again and again', (method) => {
  let whole: string;
  beforeAll(() => {
    writeFileSync(trainFile, readFileSync(join(sample, 'train.jsonl'), 'utf8').split('\n').slice(0, 24).join('\n'));
    whole = start(method);
    expect(spawnSync(process.execPath, [trainer, whole], { stdio: 'ignore' }).status).toBe(0);
  }, 60_000);

  it.each([1, 2])(
    'always goes on, and ends with the same losses and weights (run %d)',
    async (seed) => {
      const random = createRandom(seed, 77);
      const path = start(method);
      let kills = 0;
      for (; kills < KILLS; kills++) {
        if (!(await trainAndKill(path, kills > 0, random.next() * 120))) break;
        expect(await summarizeRun(path)).toMatchObject({ state: 'interrupted' });
        // The first step may not have been saved yet.
        if (checkpointSteps(runFolderAt(path).checkpoints).length > 0) expectUsable(path);
        else expect(kills).toBe(0);
      }
      expect(kills).toBe(KILLS);
      const ended = spawnSync(process.execPath, [cli, 'resume', path], { encoding: 'utf8' });
      expect(ended.status, ended.stderr).toBe(0);
      expect(ended.stderr).toMatch(/the run goes on after step \d+/);
      const wanted = new Map(readEvents(whole).flatMap((e) => (e.type === 'metrics' ? [[e.step, e.loss]] : [])));
      expect(wanted.size).toBe(STEPS);
      const seen = new Set<number>();
      for (const event of readEvents(path)) {
        if (event.type !== 'metrics') continue;
        seen.add(event.step);
        expect(event.loss, `step ${event.step}`).toBe(wanted.get(event.step));
      }
      expect(seen.size).toBe(STEPS);
      expect(trained(path).equals(trained(whole))).toBe(true);
      // Nothing half-written is left behind.
      expect(readdirSync(runFolderAt(path).checkpoints)).toEqual([`step-${String(STEPS).padStart(6, '0')}`]);
      expect(expectUsable(path)).toBe(STEPS);
      rmSync(path, { recursive: true });
    },
    60_000,
  );
});

describe('fine-tune resume', () => {
  it('refuses what is over, and says which runs there are', () => {
    const path = createRunFolder(folder.path, 'short', { ...methods.lora, max_steps: 1 }, new Date()).path;
    expect(spawnSync(process.execPath, [trainer, path], { stdio: 'ignore' }).status).toBe(0);
    const again = spawnSync(process.execPath, [cli, 'resume', path], { encoding: 'utf8' });
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(/is completed[^]*start a new run/);
    const json = spawnSync(process.execPath, [cli, 'resume', path, '--json'], { encoding: 'utf8' });
    expect(JSON.parse(json.stdout)).toMatchObject({ type: 'failed', code: 'run-completed', exitCode: 2 });
    const wrong = spawnSync(process.execPath, [cli, 'resume', path, '--force', 'everything'], { encoding: 'utf8' });
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('data-changed');
  }, 60_000);
});
