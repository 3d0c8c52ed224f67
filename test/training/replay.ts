/** Runs the optimiser steps that a dump recorded, and compares loss and gradient norm of each. */
import { expect } from 'vitest';
import { createRandom } from '../../src/common/random';
import { createCollator } from '../../src/training/batches';
import type { Engine } from '../../src/training/engines/engine';
import type { Training } from '../../src/training/models/modules';
import { type Parameter, createOptimizerState } from '../../src/training/optimizer';
import { learningRateAt } from '../../src/training/schedule';
import { createTrainingSession } from '../../src/training/session';
import { optimizerStep } from '../../src/training/step';
import { type DumpTraining, loadOracle } from './oracle';

const layout = { blocks: 2, headChunks: 2 };

/** Largest relative differences that are accepted. */
export interface Tolerance {
  readonly loss: number;
  readonly gradientNorm: number;
}

export async function replay(
  engine: Engine,
  model: string,
  training: Training,
  parameters: readonly Parameter[],
  expected: DumpTraining,
  tolerance: Tolerance,
  labelSmoothing = 0,
  weights = loadOracle(model).weights,
): Promise<void> {
  const { config, batches } = loadOracle(model);
  const options = { engine, weights, config, training, labelSmoothing, ...layout };
  const session = await createTrainingSession(options, parameters);
  const trainee = {
    session,
    parameters,
    collate: createCollator({ config, padId: 0, ...layout }),
    optimizer: createOptimizerState(parameters),
  };
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm, warmupSteps, totalSteps } = expected;
  for (const [i, wanted] of expected.steps.entries()) {
    const learningRate = learningRateAt(i, { kind: 'linear', peak: expected.learningRate, warmupSteps, totalSteps });
    expect(learningRate).toBeCloseTo(wanted.learningRate, 12);
    const found = await optimizerStep(
      trainee,
      wanted.batches.map((b) => batches[b]!),
      {
        step: i + 1,
        lastSaved: 0,
        learningRate,
        maxGradNorm,
        beta: 0.1,
        adam: { beta1, beta2, epsilon, weightDecay },
        random: createRandom(i),
      },
    );
    expect(found.trainedTokens).toBe(wanted.trainedTokens);
    expect(Math.abs(found.loss / wanted.loss - 1), `loss of step ${i}`).toBeLessThan(tolerance.loss);
    expect(Math.abs(found.gradientNorm / wanted.gradientNorm - 1), `norm of step ${i}`).toBeLessThan(
      tolerance.gradientNorm,
    );
  }
  await session.dispose();
}

/** The adapter from which the dump's training starts: A as recorded, B zero. */
export function startingAdapter(tensors: ReturnType<typeof loadOracle>['tensors']): Parameter[] {
  return [...tensors].flatMap(([name, { data, shape }]): Parameter[] =>
    name.startsWith('adapter.')
      ? [{ name: name.slice(8), shape, data: name.includes('lora_B') ? new Float32Array(data.length) : data.slice() }]
      : [],
  );
}
