import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { magnitudeName, startMagnitude } from '../../src/training/adapters/dora';
import { loraName } from '../../src/training/adapters/lora';
import { createCollator } from '../../src/training/batches';
import type { Engine } from '../../src/training/engines/engine';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createReferenceEngine } from '../../src/training/engines/reference';
import { linearModules } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';
import { createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { throughNf4 } from '../../src/training/weights/nf4';
import { labelEverything, loadMethod, loadOracle, relativeError } from './oracle';
import { quantizedWeights } from './quantized';
import { replay, startingAdapter } from './replay';

const LAYOUT = { blocks: 2, headChunks: 2 };
const onnxruntime = (): Engine => createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
const engines: readonly [string, () => Engine, 'fast' | 'low'][] = [
  ['onnxruntime', onnxruntime, 'fast'],
  ['onnxruntime without the product that decodes', () => ({ ...onnxruntime(), fusedNf4: false }), 'fast'],
  ['onnxruntime, one layer at a time', onnxruntime, 'low'],
  ['onnxruntime, made again as for a GPU', () => ({ ...onnxruntime(), device: 'gpu', fusedNf4: false }), 'low'],
  ['reference', createReferenceEngine, 'fast'],
];

describe.each(['qwen2', 'smollm2', 'llama-untied'])('%s in NF4 against bitsandbytes and PEFT', (model) => {
  const { config, batch, tensors: started } = loadOracle(model);
  const { dump, tensors } = loadMethod(`qlora-${model}`);
  const training = { method: 'lora' as const, lora: dump.lora };
  const weights = quantizedWeights(model, dump.doubleQuantization!);
  const adapter = [...started].flatMap(([name, { data, shape }]): Parameter[] =>
    name.startsWith('adapter.') ? [{ name: name.slice('adapter.'.length), shape, data }] : [],
  );

  it.each(engines)('logits, loss and every adapter gradient: %s', async (_, engine, memory) => {
    const options = { engine: engine(), weights, config, training, memory, ...LAYOUT };
    const collate = createCollator({ config, padId: 0, ...LAYOUT });
    const rows = batch(dump.gradient!.batch);
    const evaluation = await createEvaluationSession(options, adapter);
    const { data } = await evaluation.logits(collate(labelEverything(rows)));
    const { shape, data: logits } = tensors.get('logits.adapter')!;
    // The last place predicts nothing, so it has no logits here.
    const expected = logits.subarray(0, (shape[1]! - 1) * shape[2]!);
    expect(relativeError(data.subarray(0, expected.length), expected)).toBeLessThan(1e-5);
    const session = await createTrainingSession(options, adapter);
    const labelled = collate(rows);
    const { loss, gradients } = await session.forwardBackward(labelled, createRandom(1));
    expect(loss / dump.gradient!.summedLoss).toBeCloseTo(1, 5);
    expect(gradients.size).toBe(adapter.length);
    for (const [name, gradient] of gradients) {
      const mean = gradient.map((x) => x / labelled.trainedTokens);
      expect(relativeError(mean, tensors.get(`gradient.${name}`)!.data), name).toBeLessThan(1e-4);
    }
    await Promise.all([session.dispose(), evaluation.dispose()]);
  });

  it('20 steps', async () => {
    expect(dump.training!.steps).toHaveLength(20);
    const tolerance = { loss: 1e-4, gradientNorm: 1e-3 };
    await replay(onnxruntime(), model, training, startingAdapter(started), dump.training!, tolerance, 0, weights);
  });
});

it('DoRA over NF4: magnitudes begin at the lengths of the decoded rows; gradients as PEFT has them', async () => {
  const { config, batch, base, tensors: started } = loadOracle('qwen2');
  const { dump, tensors } = loadMethod('qdora-qwen2');
  const parameters = [...started, ...tensors].flatMap(([name, { data, shape }]): Parameter[] =>
    name.startsWith('adapter.') ? [{ name: name.slice('adapter.'.length), shape, data }] : [],
  );
  const dataOf = (wanted: string): Float32Array => parameters.find(({ name }) => name === wanted)!.data;
  for (const { module } of linearModules(config)) {
    const decoded = throughNf4(base.get(`${module}.weight`)!.data, true);
    const [a, b] = (['A', 'B'] as const).map((part) => dataOf(loraName(module, part)));
    const lengths = startMagnitude(decoded, a!, b!, dump.lora);
    expect(relativeError(lengths, dataOf(magnitudeName(module))), module).toBeLessThan(1e-6);
  }
  const training = { method: 'lora' as const, lora: dump.lora };
  const options = { engine: onnxruntime(), weights: quantizedWeights('qwen2', true), config, training, ...LAYOUT };
  const session = await createTrainingSession(options, parameters);
  const labelled = createCollator({ config, padId: 0, ...LAYOUT })(batch(dump.gradient!.batch));
  const { loss, gradients } = await session.forwardBackward(labelled, createRandom(1));
  expect(loss / dump.gradient!.summedLoss).toBeCloseTo(1, 5);
  expect(gradients.size).toBe(parameters.length);
  for (const [name, gradient] of gradients) {
    const mean = gradient.map((x) => x / labelled.trainedTokens);
    expect(relativeError(mean, tensors.get(`gradient.${name}`)!.data), name).toBeLessThan(1e-4);
  }
  await session.dispose();
});
