import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { magnitudeName, startMagnitude } from '../../src/training/adapters/dora';
import { isTarget, loraName } from '../../src/training/adapters/lora';
import { createCollator } from '../../src/training/batches';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createReferenceEngine } from '../../src/training/engines/reference';
import type { Training } from '../../src/training/models/modules';
import { linearModules } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';
import { adapterParameters } from '../../src/training/parameters';
import { type SessionOptions, createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { type DumpTensor, labelEverything, loadMethod, loadOracle, relativeError } from './oracle';
import { replay, startingAdapter } from './replay';

const LAYOUT = { blocks: 2, headChunks: 2 };
const onnxruntime = () => createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
const engines = [
  ['onnxruntime', onnxruntime, 'fast'],
  ['onnxruntime, layer by layer', onnxruntime, 'low'],
  ['reference', createReferenceEngine, 'fast'],
] as const;

describe('optimiser steps against PEFT', () => {
  it.each(['llama-tied', 'qwen2', 'gemma2', 'phi3'])('50 steps of LoRA on %s', async (model) => {
    const { dump } = loadMethod(`curve-${model}`);
    expect(dump.training!.steps).toHaveLength(50);
    const parameters = start(model, dump);
    const tolerance = { loss: 1e-4, gradientNorm: 1e-3 };
    await replay(onnxruntime(), model, trainingOf(dump), parameters, dump.training!, tolerance);
  });

  it.each([
    'rslora-llama-tied',
    'dora-qwen2',
    'dora-gemma2',
    'loraplus-llama-tied',
    'smoothing-llama-tied',
    'smoothing-gemma2',
  ])('20 steps: %s', async (name) => {
    const { dump, tensors } = loadMethod(name);
    expect(dump.training!.steps).toHaveLength(20);
    const parameters = start(dump.model, dump);
    const tolerance = { loss: 1e-4, gradientNorm: 1e-3 };
    await replay(
      onnxruntime(),
      dump.model,
      trainingOf(dump),
      parameters,
      dump.training!,
      tolerance,
      dump.labelSmoothing,
    );
    for (const { name: tensor, data } of parameters)
      if (dump.lora.dora) expect(relativeError(data, of(tensors, 'trained', tensor)), tensor).toBeLessThan(1e-3);
  });
});

describe.each(engines)('gradients against PEFT and transformers: %s', (_, engine, memory) => {
  const gradients = async (name: string, more: Partial<SessionOptions>, random = createRandom(1)): Promise<void> => {
    const { dump, tensors } = loadMethod(name);
    const { config, weights, batch } = loadOracle(dump.model);
    const parameters = moved(dump.model, tensors);
    const training = trainingOf(dump);
    const options = { engine: engine(), weights, config, training, memory, ...LAYOUT, ...more };
    const session = await createTrainingSession(options, parameters);
    const labelled = createCollator({ config, padId: 0, ...LAYOUT })(batch(dump.gradient!.batch));
    expect(labelled.trainedTokens).toBe(dump.gradient!.trainedTokens);
    const found = await session.forwardBackward(labelled, random);
    expect(found.loss / dump.gradient!.summedLoss).toBeCloseTo(1, 5);
    expect(found.gradients.size).toBe([...tensors.keys()].filter((key) => key.startsWith('gradient.')).length);
    for (const [tensor, gradient] of found.gradients) {
      const mean = gradient.map((x) => x / labelled.trainedTokens);
      expect(relativeError(mean, of(tensors, 'gradient', tensor)), tensor).toBeLessThan(1e-4);
    }
    await session.dispose();
  };

  it.each(['dora-qwen2', 'dora-gemma2'])('%s', (name) => gradients(name, {}));
  it.each(['dora-dropout-qwen2', 'lora-dropout-qwen2'])('%s', (name) => gradients(name, {}, golden()));
  it.each(['neftune-llama-tied', 'neftune-gemma2'])('%s', (name) => gradients(name, { neftuneAlpha: 5 }, golden()));
  it.each(['smoothing-llama-tied', 'smoothing-gemma2'])('%s', (name) => gradients(name, { labelSmoothing: 0.1 }));

  it.each(['llama-tied', 'gemma2'])('label smoothing with all weights: the head of %s', async (model) => {
    const { dump, tensors } = loadMethod(`smoothing-${model}`);
    const { config, weights, base, batch } = loadOracle(model);
    const parameters = [...base].map(([name, tensor]): Parameter => ({ name, ...tensor }));
    const { labelSmoothing } = dump as Required<typeof dump>;
    const options = {
      engine: engine(),
      weights,
      config,
      training: { method: 'full' as const },
      labelSmoothing,
      memory,
    };
    const session = await createTrainingSession({ ...options, ...LAYOUT }, parameters);
    const labelled = createCollator({ config, padId: 0, ...LAYOUT })(batch(dump.full!.batch));
    const { loss, gradients: found } = await session.forwardBackward(labelled, createRandom(1));
    expect(loss / dump.full!.summedLoss).toBeCloseTo(1, 5);
    const mean = found.get('model.embed_tokens.weight')!.map((x) => x / labelled.trainedTokens);
    expect(relativeError(mean, tensors.get('full.gradient')!.data)).toBeLessThan(1e-4);
    await session.dispose();
  });
});

it('neither smoothing nor noise reaches an evaluation', async () => {
  const { config, weights, batch, dump, tensors } = loadOracle('llama-tied');
  const options = { engine: onnxruntime(), weights, config, ...LAYOUT };
  const training: Training = { method: 'lora', lora: dump.lora };
  const regularised = { ...options, training, labelSmoothing: 0.5, neftuneAlpha: 100 };
  const evaluation = await createEvaluationSession(regularised, moved('llama-tied', tensors));
  const { loss } = await evaluation.forward(createCollator({ config, padId: 0, ...LAYOUT })(batch(0)));
  expect(loss / dump.gradient.summedLoss).toBeCloseTo(1, 5);
  await evaluation.dispose();
});

it('logits of a trained DoRA are those of PEFT', async () => {
  const { dump, tensors } = loadMethod('dora-qwen2');
  const { config, weights, batch } = loadOracle('qwen2');
  const rows = batch(dump.gradient!.batch);
  const training = trainingOf({ ...dump, lora: { ...dump.lora, dropout: 0.5 } });
  const parameters = [...tensors].flatMap(([name, tensor]): Parameter[] =>
    name.startsWith('trained.') ? [{ name: name.slice(8), ...tensor }] : [],
  );
  const session = await createEvaluationSession(
    { engine: onnxruntime(), weights, config, training, ...LAYOUT },
    parameters,
  );
  const { data } = await session.logits(createCollator({ config, padId: 0, ...LAYOUT })(labelEverything(rows)));
  const expected = tensors
    .get('logits.trained')!
    .data.subarray(0, (rows[0]![0]!.tokens.length - 1) * config.vocabulary);
  expect(relativeError(data.subarray(0, expected.length), expected)).toBeLessThan(1e-4);
  await session.dispose();
});

type Dump = ReturnType<typeof loadMethod>['dump'];

const trainingOf = ({ lora }: Dump): Training => ({ method: 'lora', lora });

const of = (tensors: Map<string, DumpTensor>, kind: string, name: string): Float32Array =>
  tensors.get(`${kind}.${name}`)!.data;

/** As a run starts it: B zero, the lengths those of the weights. */
function start(model: string, { lora, loraplus }: Dump): Parameter[] {
  const { tensors, base, config } = loadOracle(model);
  const targets = lora.dora ? linearModules(config).filter((m) => isTarget(m.module, lora.targetModules)) : [];
  const adapter = startingAdapter(tensors);
  const dataOf = (name: string): Float32Array => adapter.find((p) => p.name === name)!.data;
  const magnitudes = targets.map(({ module, outFeatures }) => ({
    name: magnitudeName(module),
    shape: [outFeatures],
    data: startMagnitude(
      base.get(`${module}.weight`)!.data,
      dataOf(loraName(module, 'A')),
      dataOf(loraName(module, 'B')),
      lora,
    ),
  }));
  const settings = { loraplus_lr_ratio: loraplus ?? null };
  return adapterParameters([...adapter, ...magnitudes], settings);
}

/** The adapter of the model's dump with B that is not zero, and whatever the method has besides. */
function moved(model: string, more: Map<string, DumpTensor>): Parameter[] {
  const all = new Map([...loadOracle(model).tensors, ...more]);
  return [...all].flatMap(([name, tensor]): Parameter[] =>
    name.startsWith('adapter.') ? [{ name: name.slice('adapter.'.length), ...tensor }] : [],
  );
}

/** The numbers that the oracle draws: fractional parts of the multiples of the golden ratio. */
function golden(): ReturnType<typeof createRandom> {
  let drawn = 0;
  return { ...createRandom(0), next: () => (drawn++ * 0.6180339887498949) % 1 };
}
