/**
 * Checkpoints: `checkpoints/step-000200/` with the trained tensors, the optimiser's moments and the progress. `COMPLETE`
 * is written last, before the folder gets its final name, and is the first to go; readers ignore folders without it.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../common/failure';
import type { Progress } from './loop';
import type { OptimizerState, Parameter } from './optimizer';
import { readProgress } from './read-progress';
import { writeFailure, writeFileAtomically } from './weights/files';
import { readJsonObject } from './weights/json-file';
import { readSafetensorsHeader, writeSafetensors } from './weights/safetensors';
import { readFloats, requireTensor } from './weights/tensor-info';

/** 3: with what decides on early stopping and on a loss that is too high. */
const CHECKPOINT_VERSION = 3;
export const BEST_DAMAGED = 'best-damaged';
const COMPLETE = 'COMPLETE';
const STATE = 'state.json';
/** Holds the trained tensors. */
export const CHECKPOINT_WEIGHTS = 'adapter.safetensors';
const PARTIAL = '.partial';

/** Writes the checkpoint and returns its path. On a failure (a full disk) nothing half-written stays behind. */
export function writeCheckpoint(
  folder: string,
  parameters: readonly Parameter[],
  optimizer: OptimizerState,
  progress: Progress,
): string {
  const path = checkpointPath(folder, progress.step);
  const temporary = `${path}${PARTIAL}`;
  const entry = (name: string, shape: readonly number[], data: Float32Array) =>
    ({ name, dtype: 'F32', shape, data }) as const;
  try {
    rmSync(temporary, { recursive: true, force: true });
    // Not what is above it: a run folder that somebody has removed must not come back without its run.json.
    mkdirSync(temporary);
    writeSafetensors(
      join(temporary, CHECKPOINT_WEIGHTS),
      parameters.map(({ name, shape, data }) => entry(name, shape, data)),
    );
    writeSafetensors(
      join(temporary, 'optimizer.safetensors'),
      parameters.flatMap(({ name, shape }) => {
        const { m, v } = optimizer.moments.get(name)!;
        return [entry(`m.${name}`, shape, m), entry(`v.${name}`, shape, v)];
      }),
    );
    const state = { version: CHECKPOINT_VERSION, ...progress, optimizerStep: optimizer.step };
    writeText(join(temporary, STATE), `${JSON.stringify(state, null, 2)}\n`);
    writeText(join(temporary, COMPLETE), '');
    removeCheckpoint(path);
    renameSync(temporary, path);
    return path;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw writeFailure(error, path, 12 * parameters.reduce((n, p) => n + p.data.length, 0));
  }
}

/** A complete checkpoint; its tensors are read when they are asked for. */
export interface Checkpoint {
  readonly path: string;
  readonly progress: Progress;
  readonly optimizerStep: number;
}

/** Steps of the complete checkpoints in `folder`, ascending; none where there is no such folder. */
export function checkpointSteps(folder: string): number[] {
  return stepFolders(folder)
    .filter((name) => existsSync(join(folder, name, COMPLETE)))
    .map(stepOf)
    .sort((a, b) => a - b);
}

/**
 * The checkpoint of a step.
 * @throws Failure `no-checkpoint`, `checkpoint-version` or `checkpoint-damaged` (exit code 2)
 */
export function openCheckpoint(folder: string, step: number): Checkpoint {
  const steps = checkpointSteps(folder);
  const path = checkpointPath(folder, step);
  if (!steps.includes(step))
    throw new Failure(
      'no-checkpoint',
      `There is no complete checkpoint of step ${step} in ${folder}.`,
      steps.length > 0 ? `There are checkpoints of step ${steps.join(', ')}.` : 'The run has saved none yet.',
      2,
    );
  const state = undamaged(folder, step, () => readJsonObject(join(path, STATE)));
  if (state['version'] !== CHECKPOINT_VERSION)
    throw new Failure(
      'checkpoint-version',
      `${path} has the format ${String(state['version'])}, this version of Fine-tune reads format ${CHECKPOINT_VERSION}.`,
      'Go on with the version that wrote it, or train anew.',
      2,
    );
  const progress = readProgress(state);
  const optimizerStep = state['optimizerStep'];
  if (progress?.step !== step || typeof optimizerStep !== 'number')
    throw damaged(folder, step, `${join(path, STATE)} does not say where the run stood`);
  return { path, progress, optimizerStep };
}

/** Puts the saved weights and moments into `parameters` and `optimizer`, in place. */
export function restoreCheckpoint(
  checkpoint: Checkpoint,
  parameters: readonly Parameter[],
  optimizer: OptimizerState,
): void {
  readInto(checkpoint.path, CHECKPOINT_WEIGHTS, parameters);
  readInto(
    checkpoint.path,
    'optimizer.safetensors',
    parameters.flatMap(({ name, shape }) => {
      const { m, v } = optimizer.moments.get(name)!;
      return [
        { name: `m.${name}`, shape, data: m },
        { name: `v.${name}`, shape, data: v },
      ];
    }),
  );
  optimizer.step = checkpoint.optimizerStep;
}

/**
 * The weights at the best evaluation until the checkpoint; `undefined` when nothing was evaluated.
 * @throws Failure `best-damaged` (exit code 2)
 */
export function readBest(
  checkpoint: Checkpoint,
  parameters: readonly Parameter[],
): ReadonlyMap<string, Float32Array> | undefined {
  const { step, bestStep } = checkpoint.progress;
  if (bestStep === null) return undefined;
  const folder = join(checkpoint.path, '..');
  const best = parameters.map(({ name, shape, data }) => ({ name, shape, data: new Float32Array(data.length) }));
  try {
    readInto(openCheckpoint(folder, bestStep).path, CHECKPOINT_WEIGHTS, best);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      BEST_DAMAGED,
      `The checkpoint of step ${step} can be read, but not that of step ${bestStep}, which holds the weights of the best evaluation. ${error.message}`,
      `${otherSteps(folder, bestStep)} To go on without the best weights so far: --force ${BEST_DAMAGED}.`.trim(),
      2,
    );
  }
  return new Map(best.map(({ name, data }) => [name, data]));
}

/** Removes all but the newest `keep` checkpoints and those that they name as the best, and what was never finished. */
export function pruneCheckpoints(folder: string, keep: number): void {
  const newest = checkpointSteps(folder).slice(-keep);
  const best = newest.map((step) => bestStepOf(join(checkpointPath(folder, step), STATE)));
  removeAllBut(folder, (step) => newest.includes(step) || best.includes(step));
}

/** Removes what comes after a step, which a resumed run makes again; returns the steps of the complete ones. */
export function removeLaterCheckpoints(folder: string, step: number): number[] {
  const later = checkpointSteps(folder).filter((other) => other > step);
  removeAllBut(folder, (other) => other <= step);
  return later;
}

/** Saving must not fail because an older checkpoint was damaged. */
function bestStepOf(stateFile: string): unknown {
  try {
    return readJsonObject(stateFile)['bestStep'];
  } catch {
    return undefined;
  }
}

function removeAllBut(folder: string, kept: (step: number) => boolean): void {
  const complete = new Set(checkpointSteps(folder));
  for (const name of stepFolders(folder))
    if (!complete.has(stepOf(name)) || !kept(stepOf(name))) removeCheckpoint(join(folder, name));
  for (const name of readFolder(folder))
    if (name.endsWith(PARTIAL)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** In this order, so that what a kill leaves over is never taken for a checkpoint. */
function removeCheckpoint(path: string): void {
  rmSync(join(path, COMPLETE), { force: true });
  rmSync(path, { recursive: true, force: true });
}

function readInto(path: string, file: string, targets: readonly Parameter[]): void {
  undamaged(join(path, '..'), stepOf(basename(path)), () => {
    const saved = readSafetensorsHeader(join(path, file));
    for (const { name, shape, data } of targets) {
      const info = requireTensor(saved, name);
      if (info.shape.join() !== shape.join())
        throw new Failure('checkpoint-damaged', `${join(path, file)}: "${name}" has another shape`, '', 2);
      data.set(readFloats(info));
    }
  });
}

/** The advice of the readers is for models that were downloaded; here another checkpoint helps. */
function undamaged<T>(folder: string, step: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Failure ? damaged(folder, step, error.message) : error;
  }
}

function damaged(folder: string, step: number, what: string): Failure {
  return new Failure(
    'checkpoint-damaged',
    `The checkpoint of step ${step} is damaged: ${what.replace(/\.$/, '')}.`,
    otherSteps(folder, step) || 'Train anew.',
    2,
  );
}

/** Which checkpoints can be read and need nothing of a damaged one. */
function otherSteps(folder: string, damagedStep: number): string {
  const others = checkpointSteps(folder).filter((step) => {
    const best = bestStepOf(join(checkpointPath(folder, step), STATE));
    return step !== damagedStep && best !== undefined && best !== damagedStep;
  });
  return others.length > 0 ? `Resume from another one: --checkpoint ${others.join(' or ')}.` : '';
}

function writeText(path: string, text: string): void {
  const bytes = Buffer.from(text);
  writeFileAtomically(path, bytes.length, (write) => write(bytes));
}

function readFolder(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function stepFolders(folder: string): string[] {
  return readFolder(folder).filter((name) => /^step-\d+$/.test(name));
}

function stepOf(name: string): number {
  return Number(name.slice(5));
}

/** Where the checkpoint of a step lies, whether or not it exists. */
export function checkpointPath(folder: string, step: number): string {
  return join(folder, `step-${String(step).padStart(6, '0')}`);
}
