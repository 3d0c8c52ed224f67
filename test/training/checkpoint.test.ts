import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  openCheckpoint,
  pruneCheckpoints,
  readBest,
  removeLaterCheckpoints,
  restoreCheckpoint,
  writeCheckpoint,
} from '../../src/training/checkpoint';
import { createOptimizerState } from '../../src/training/optimizer';
import { temporaryFolder } from './fake-run';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const parametersOf = (value: number) => [
  { name: 'a', shape: [2, 3], data: new Float32Array(6).fill(value) },
  { name: 'b', shape: [2], data: Float32Array.of(value, -0) },
];
function write(step: number, bestStep: number | null = null): string {
  const parameters = parametersOf(step);
  const optimizer = createOptimizerState(parameters);
  optimizer.step = step;
  // The smallest denormal and a number without a short decimal form: nothing may be rounded.
  optimizer.moments.get('a')!.m.fill(1e-45);
  optimizer.moments.get('b')!.v.fill(1 / 3);
  const bestLoss = bestStep === null ? null : 0.1 + 0.2;
  return writeCheckpoint(folder.path, parameters, optimizer, {
    step,
    epoch: step / 3,
    trainedTokens: 10 * step,
    loss: 1 / step,
    bestLoss,
    bestStep,
    evaluationsWithoutImprovement: 2,
    startingLoss: 2 / 3,
    startingSteps: 4,
    highLossSteps: 1,
    raisedLossSteps: 3,
  });
}

describe('a checkpoint', () => {
  it('gives back weights, moments and progress to the bit', () => {
    write(7, 7);
    const checkpoint = openCheckpoint(folder.path, 7);
    expect(checkpoint.progress).toEqual({
      step: 7,
      epoch: 7 / 3,
      trainedTokens: 70,
      loss: 1 / 7,
      bestLoss: 0.30000000000000004,
      bestStep: 7,
      evaluationsWithoutImprovement: 2,
      startingLoss: 2 / 3,
      startingSteps: 4,
      highLossSteps: 1,
      raisedLossSteps: 3,
    });
    const parameters = parametersOf(0);
    const optimizer = createOptimizerState(parameters);
    restoreCheckpoint(checkpoint, parameters, optimizer);
    expect(parameters).toEqual(parametersOf(7));
    expect(optimizer.step).toBe(7);
    expect([...optimizer.moments.get('a')!.m]).toEqual(Array(6).fill(Math.fround(1e-45)));
    expect([...optimizer.moments.get('b')!.v]).toEqual(Array(2).fill(Math.fround(1 / 3)));
  });

  it('has the weights of the best evaluation in the checkpoint of that step', () => {
    write(4, 4);
    write(6, 4);
    const best = readBest(openCheckpoint(folder.path, 6), parametersOf(0));
    expect(best).toEqual(new Map(parametersOf(4).map(({ name, data }) => [name, data])));
    write(8);
    expect(readBest(openCheckpoint(folder.path, 8), parametersOf(0))).toBeUndefined();
  });

  it('counts only with COMPLETE', () => {
    const path = write(2);
    write(4);
    rmSync(join(path, 'COMPLETE'));
    expect(checkpointSteps(folder.path)).toEqual([4]);
    expect(() => openCheckpoint(folder.path, 2)).toThrow(/no complete checkpoint of step 2/);
    expect(checkpointSteps(join(folder.path, 'nowhere'))).toEqual([]);
  });

  it('that is damaged is refused with the others that do not need it', () => {
    const best = write(4, 4);
    write(6);
    write(8, 4);
    write(9, 9);
    writeFileSync(join(best, 'adapter.safetensors'), 'cut');
    const read = (step: number) => () => readBest(openCheckpoint(folder.path, step), parametersOf(0));
    expect(read(9)()).toBeDefined();
    expect(read(8)).toThrow(
      expect.objectContaining({
        code: 'best-damaged',
        message: expect.stringMatching(/step 8 can be read, but not that of step 4.*damaged/) as string,
        hint: 'Resume from another one: --checkpoint 6 or 9. To go on without the best weights so far: --force best-damaged.',
      }),
    );
    // One whose state cannot be read is none to go on from.
    writeFileSync(join(folder.path, 'step-000009', 'state.json'), '{');
    const restore = (): void =>
      restoreCheckpoint(openCheckpoint(folder.path, 4), parametersOf(0), createOptimizerState(parametersOf(0)));
    expect(restore).toThrow(
      expect.objectContaining({ code: 'checkpoint-damaged', hint: 'Resume from another one: --checkpoint 6.' }),
    );
    rmSync(join(folder.path, 'step-000006'), { recursive: true });
    expect(restore).toThrow(expect.objectContaining({ hint: 'Train anew.' }));
  });

  it('of tensors with other shapes is not taken', () => {
    write(2);
    const other = [{ name: 'a', shape: [3, 3], data: new Float32Array(9) }];
    const restore = (): void => restoreCheckpoint(openCheckpoint(folder.path, 2), other, createOptimizerState(other));
    expect(restore).toThrow(/step 2 is damaged.*"a"/);
  });
});

describe('pruning', () => {
  it('keeps the newest, and the best that each of them may be resumed with', () => {
    write(10, 10);
    write(20, 10);
    write(30, 10);
    write(40, 40);
    pruneCheckpoints(folder.path, 2);
    expect(checkpointSteps(folder.path)).toEqual([10, 30, 40]);
    write(50, 40);
    pruneCheckpoints(folder.path, 2);
    expect(checkpointSteps(folder.path)).toEqual([40, 50]);
  });

  it('clears what a kill has left, and does not count it', () => {
    write(10);
    write(20);
    rmSync(join(write(30), 'COMPLETE'));
    mkdirSync(join(folder.path, 'step-000040.partial'));
    writeFileSync(join(folder.path, 'notes.txt'), 'of the user');
    pruneCheckpoints(folder.path, 2);
    expect(readdirSync(folder.path).sort()).toEqual(['notes.txt', 'step-000010', 'step-000020']);
  });

  it('removes what comes after a step', () => {
    for (const step of [10, 20, 30]) write(step);
    expect(removeLaterCheckpoints(folder.path, 10)).toEqual([20, 30]);
    expect(checkpointSteps(folder.path)).toEqual([10]);
    expect(existsSync(join(folder.path, 'step-000020'))).toBe(false);
  });
});
