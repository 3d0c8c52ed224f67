import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { createCollator } from '../../src/training/batches';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { type Training, baseTensors } from '../../src/training/models/decoder';
import { type Parameter, createOptimizerState } from '../../src/training/optimizer';
import { learningRateAt } from '../../src/training/schedule';
import { createTrainingSession } from '../../src/training/session';
import { optimizerStep } from '../../src/training/step';
import { type DumpTraining, MODELS, loadOracle, relativeError } from './oracle';

const layout = { blocks: 2, headChunks: 2 };

async function replay(model: string, training: Training, parameters: readonly Parameter[], expected: DumpTraining) {
  const { config, weights, batches } = loadOracle(model);
  const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
  const session = await createTrainingSession({ engine, weights, config, training, ...layout }, parameters);
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
        learningRate,
        maxGradNorm,
        adam: { beta1, beta2, epsilon, weightDecay },
        random: createRandom(i),
      },
    );
    expect(found.trainedTokens).toBe(wanted.trainedTokens);
    expect(found.loss / wanted.loss, `loss of step ${i}`).toBeCloseTo(1, 4);
    expect(found.gradientNorm / wanted.gradientNorm, `norm of step ${i}`).toBeCloseTo(1, 3);
  }
  await session.dispose();
}

describe.each(MODELS)('%s: the same optimiser steps as PyTorch', (model) => {
  const { dump, config, tensors, base } = loadOracle(model);

  it('20 steps of LoRA, accumulated, clipped, warmed up', async () => {
    const parameters = [...tensors].flatMap(([name, { data, shape }]): Parameter[] =>
      name.startsWith('adapter.')
        ? [{ name: name.slice(8), shape, data: name.includes('lora_B') ? new Float32Array(data.length) : data.slice() }]
        : [],
    );
    expect(dump.training.steps).toHaveLength(20);
    await replay(model, { method: 'lora', lora: dump.lora }, parameters, dump.training);
    for (const { name, data } of parameters)
      expect(relativeError(data, tensors.get(`trained.${name}`)!.data), name).toBeLessThan(1e-3);
  });

  it.runIf(dump.full)('10 steps of all weights', async () => {
    const parameters = baseTensors(config).map(({ name, shape }): Parameter => ({
      name,
      shape,
      data: base.get(name)!.data.slice(),
    }));
    expect(dump.full!.steps).toHaveLength(10);
    await replay(model, { method: 'full' }, parameters, dump.full!);
    for (const { name, data } of parameters)
      expect(relativeError(data, tensors.get(`full.trained.${name}`)!.data), name).toBeLessThan(1e-3);
  });
});
