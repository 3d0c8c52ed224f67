/** Runs of the sample model in trainer processes, for tests of what becomes of them. They need `dist/`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { checkpointSteps, openCheckpoint, readBest, restoreCheckpoint } from '../../src/training/checkpoint';
import { attach } from '../../src/training/control';
import { type Parameter, createOptimizerState } from '../../src/training/optimizer';
import { type TrainerCommand, type TrainerEvent, parseEvent } from '../../src/training/protocol';
import { createRunFolder, readEvents, runFolderAt } from '../../src/training/run-folder';
import { readSafetensorsHeader } from '../../src/training/weights/safetensors';
import { readFloats } from '../../src/training/weights/tensor-info';
import { until } from './fake-run';

const root = resolve(__dirname, '..', '..');
const trainer = join(root, 'dist', 'trainer.js');
export const sample = join(root, 'media', 'sample');
export const cli = join(root, 'dist', 'cli.js');

export const STEPS = 20;

/** The shortest records of the sample's data, in a file of this folder. */
export function dataFile(folder: string, name: 'train' | 'validation', lines: number): string {
  const path = join(folder, `${name}.jsonl`);
  const records = readFileSync(join(sample, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  records.sort((a, b) => a.length - b.length);
  writeFileSync(path, `${records.slice(0, lines).join('\n')}\n`);
  return path;
}

/** Saved after every step, evaluated every third one. */
export function settingsFor(folder: string, method: 'lora' | 'full'): Readonly<Record<string, unknown>> {
  return {
    model: join(sample, 'base'),
    train_file: dataFile(folder, 'train', 24),
    validation_file: dataFile(folder, 'validation', 4),
    max_length: 384,
    batch_size: 1,
    gradient_accumulation_steps: 2,
    max_steps: STEPS,
    save_steps: 1,
    eval_steps: 3,
    save_total_limit: 1,
    threads: 1,
    device: 'cpu',
    output_dir: folder,
    ...(method === 'lora'
      ? { lora_dropout: 0.1, target_modules: ['all-linear'], learning_rate: 0.01, r: 64 }
      : { method: 'full', learning_rate: 0.001 }),
  };
}

export const create = (settings: Readonly<Record<string, unknown>>, name: string): string =>
  createRunFolder(String(settings['output_dir']), name, settings, new Date()).path;

const commandLine = (path: string, resume: boolean): string[] => [trainer, path, ...(resume ? ['--resume', '{}'] : [])];

export function startTrainer(path: string, resume: boolean): ChildProcess {
  return spawn(process.execPath, commandLine(path, resume), { stdio: 'ignore' });
}

/** Trains to the end. @returns the exit code */
export function train(path: string, resume = false): number | null {
  return trainWithOutput(path, resume).status;
}

/** As `train`, under a command in front of Node; with the last event that was printed. */
export function trainWithOutput(
  path: string,
  resume: boolean,
  ...before: readonly string[]
): { readonly status: number | null; readonly final: TrainerEvent | undefined } {
  const [command, ...flags] = [...before, process.execPath, ...commandLine(path, resume)];
  const { status, stdout } = spawnSync(command!, flags, { encoding: 'utf8' });
  return { status, final: parseEvent(stdout.trimEnd().split('\n').at(-1)!) };
}

export function runCli(...flags: readonly string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...flags], { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

/** Waits for an event that the log has not had yet, or the end of the process. */
export async function untilEvent(
  path: string,
  child: ChildProcess,
  type: TrainerEvent['type'],
  after: number,
): Promise<void> {
  const said = (): boolean => readEvents(path).slice(after).some((event) => event.type === type); // prettier-ignore
  await until(() => child.exitCode !== null || said(), `the event "${type}"`, 20_000);
}

export async function ask(path: string, command: TrainerCommand): Promise<void> {
  const connection = await attach(path);
  await connection?.send(command);
  connection?.close();
}

export function trained(path: string): Buffer {
  const model = join(path, 'model', 'model.safetensors');
  return readFileSync(existsSync(model) ? model : join(path, 'adapter', 'adapter_model.safetensors'));
}

/** Everything in the newest complete checkpoint, and the best one that it names, can be read. @returns its step */
export function expectUsable(path: string): number {
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
  readBest(checkpoint, parameters);
  return step;
}

/** Every step of the log, also one that was made several times, has the loss of the uninterrupted run; so have the weights. */
export function expectSameRun(path: string, whole: string): void {
  const losses = (type: 'metrics' | 'evaluation'): Map<number, number | null> =>
    new Map(readEvents(whole).flatMap((e) => (e.type === type ? [[e.step, e.loss]] : [])));
  for (const type of ['metrics', 'evaluation'] as const) {
    const wanted = losses(type);
    const seen = new Set<number>();
    for (const event of readEvents(path)) {
      if (event.type !== type) continue;
      seen.add(event.step);
      expect(event.loss, `${type} of step ${event.step}`).toBe(wanted.get(event.step));
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([...wanted.keys()]);
  }
  expect(trained(path).equals(trained(whole))).toBe(true);
}
