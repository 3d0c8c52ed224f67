/**
 * Checkpoints: `checkpoints/step-000200/` with the trained tensors, the optimiser's moments and the progress. A folder
 * gets its final name only when it is whole, and `COMPLETE` is written last; readers ignore every other folder.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from './loop';
import type { OptimizerState, Parameter } from './optimizer';
import { writeSafetensors } from './weights/safetensors';
import { writeFailure } from './weights/files';

export const CHECKPOINT_VERSION = 1;

/** Writes the checkpoint and returns its path. On a failure (a full disk) nothing half-written stays behind. */
export function writeCheckpoint(
  folder: string,
  parameters: readonly Parameter[],
  optimizer: OptimizerState,
  progress: Progress,
): string {
  const path = join(folder, checkpointName(progress.step));
  const temporary = `${path}.partial`;
  const entry = (name: string, shape: readonly number[], data: Float32Array) =>
    ({ name, dtype: 'F32', shape, data }) as const;
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    writeSafetensors(
      join(temporary, 'adapter.safetensors'),
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
    writeFileSync(join(temporary, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
    rmSync(path, { recursive: true, force: true });
    renameSync(temporary, path);
    writeFileSync(join(path, 'COMPLETE'), '');
    return path;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw writeFailure(error, path, 12 * parameters.reduce((n, p) => n + p.data.length, 0));
  }
}

/** Removes all but the newest `keep` checkpoints and the best one. */
export function pruneCheckpoints(folder: string, keep: number, bestStep: number | null): void {
  const names = readdirSync(folder)
    .filter((name) => /^step-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  const best = bestStep === null ? undefined : checkpointName(bestStep);
  for (const name of names.slice(0, -keep)) if (name !== best) rmSync(join(folder, name), { recursive: true });
}

function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}
