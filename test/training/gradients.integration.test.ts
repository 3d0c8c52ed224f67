import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { createCollator } from '../../src/training/batches';
import type { Engine } from '../../src/training/engines/engine';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createReferenceEngine } from '../../src/training/engines/reference';
import type { Training } from '../../src/training/models/modules';
import { baseTensors } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';
import { createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { MODELS, labelEverything, loadOracle, relativeError } from './oracle';

const engines: readonly [string, () => Engine, { blocks: number; headChunks: number }][] = [
  [
    'onnxruntime',
    () => createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true }),
    { blocks: 1, headChunks: 1 },
  ],
  [
    'onnxruntime, in blocks',
    () => createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: false }),
    { blocks: 4, headChunks: 3 },
  ],
  ['reference', createReferenceEngine, { blocks: 2, headChunks: 2 }],
];

describe.each(MODELS)('%s against PyTorch and PEFT', (model) => {
  const { dump, config, weights, tensors, batch } = loadOracle(model);
  const adapter = [...tensors].flatMap(([name, { data, shape }]): Parameter[] =>
    name.startsWith('adapter.') ? [{ name: name.slice('adapter.'.length), shape, data }] : [],
  );
  const training: Training = { method: 'lora', lora: dump.lora };

  it.each(engines)('logits, loss and every adapter gradient: %s', async (_, engine, layout) => {
    const options = { engine: engine(), weights, config, training, ...layout };
    const collate = createCollator({ config, padId: 0, ...layout });
    const everywhere = collate(labelEverything(batch(0)));
    const evaluation = await createEvaluationSession(options, adapter);
    const expected = logitRows(
      tensors.get('logits.adapter')!,
      batch(0).map((row) => row[0]!.tokens.length),
    );
    const { data } = await evaluation.logits(everywhere);
    expect(relativeError(data.subarray(0, expected.length), expected)).toBeLessThan(1e-5);

    const labelled = collate(batch(0));
    expect(labelled.trainedTokens).toBe(dump.gradient.trainedTokens);
    const forward = await evaluation.forward(labelled);
    expect(forward.loss / dump.gradient.summedLoss).toBeCloseTo(1, 5);

    const session = await createTrainingSession(options, adapter);
    const { loss, gradients } = await session.forwardBackward(labelled, createRandom(1));
    expect(loss / dump.gradient.summedLoss).toBeCloseTo(1, 5);
    expect(gradients.size).toBe(adapter.length);
    for (const { name } of adapter) {
      const mean = gradients.get(name)!.map((x) => x / labelled.trainedTokens);
      expect(relativeError(mean, tensors.get(`gradient.${name}`)!.data), name).toBeLessThan(1e-4);
    }
    await Promise.all([session.dispose(), evaluation.dispose()]);
  });

  it('a fresh adapter (B = 0) gives exactly the logits and the loss of the base', async () => {
    const fresh = adapter.map((p) => (p.name.includes('lora_B') ? { ...p, data: new Float32Array(p.data.length) } : p));
    const layout = { blocks: 1, headChunks: 1 };
    const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
    const options = { engine, weights, config, ...layout };
    const base = await createEvaluationSession({ ...options, training: { method: 'none' } }, []);
    const tuned = await createEvaluationSession({ ...options, training }, fresh);
    const all = createCollator({ config, padId: 0, ...layout })(labelEverything(batch(0)));
    const [a, b] = [await base.logits(all), await tuned.logits(all)];
    expect(a.data).toEqual(b.data);
    const expected = logitRows(
      tensors.get('logits.base')!,
      batch(0).map((row) => row[0]!.tokens.length),
    );
    expect(relativeError(a.data.subarray(0, expected.length), expected)).toBeLessThan(1e-5);
    const labelled = createCollator({ config, padId: 0, ...layout })(batch(0));
    expect((await tuned.forward(labelled)).loss / dump.gradient.baseSummedLoss).toBeCloseTo(1, 5);
    await Promise.all([base.dispose(), tuned.dispose()]);
  });

  it.runIf(dump.full)('gradients of all weights', async () => {
    const base = loadOracle(model).base;
    const parameters = baseTensors(config).map(({ name, shape }): Parameter => ({
      name,
      shape,
      data: base.get(name)!.data,
    }));
    const layout = { blocks: 2, headChunks: 2 };
    const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
    const labelled = createCollator({ config, padId: 0, ...layout })(batch(0));
    const session = await createTrainingSession(
      { engine, weights, config, training: { method: 'full' }, ...layout },
      parameters,
    );
    const { loss, gradients } = await session.forwardBackward(labelled, createRandom(1));
    expect(loss / dump.full!.gradient.summedLoss).toBeCloseTo(1, 5);
    expect(gradients.size).toBe(parameters.length);
    for (const { name } of parameters) {
      const mean = gradients.get(name)!.map((x) => x / labelled.trainedTokens);
      expect(relativeError(mean, tensors.get(`full.gradient.${name}`)!.data), name).toBeLessThan(1e-4);
    }
    await session.dispose();
  });
});

/** [B, T, V] without padding, and without the last position of each record, which predicts nothing. */
function logitRows({ shape, data }: { shape: number[]; data: Float32Array }, lengths: number[]): Float32Array {
  const [, t, v] = shape as [number, number, number];
  const rows = lengths.map((length, b) => data.subarray(b * t * v, (b * t + length - 1) * v));
  return Float32Array.from(rows.flatMap((row) => [...row]));
}
