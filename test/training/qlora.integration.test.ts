import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { weightForms } from '../../src/training/base';
import { createCollator } from '../../src/training/batches';
import type { Engine, WeightSource } from '../../src/training/engines/engine';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createReferenceEngine } from '../../src/training/engines/reference';
import { baseTensors } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';
import { createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { materializeWeights } from '../../src/training/weights/materialize';
import { labelEverything, loadMethod, loadOracle, relativeError } from './oracle';
import { replay, startingAdapter } from './replay';

const LAYOUT = { blocks: 2, headChunks: 2 };
const onnxruntime = (): Engine => createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
const engines: readonly [string, () => Engine][] = [
  ['onnxruntime', onnxruntime],
  ['onnxruntime without the product that decodes', () => ({ ...onnxruntime(), fusedNf4: false })],
  ['reference', createReferenceEngine],
];
const folder = mkdtempSync(join(tmpdir(), 'qlora-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['qwen2', 'smollm2', 'llama-untied'])('%s in NF4 against bitsandbytes and PEFT', (model) => {
  const { config, batch, tensors: started } = loadOracle(model);
  const { dump, tensors } = loadMethod(`qlora-${model}`);
  const training = { method: 'lora' as const, lora: dump.lora };
  const weights = quantized(model, dump.doubleQuantization!);
  const adapter = [...started].flatMap(([name, { data, shape }]): Parameter[] =>
    name.startsWith('adapter.') ? [{ name: name.slice('adapter.'.length), shape, data }] : [],
  );

  it.each(engines)('logits, loss and every adapter gradient: %s', async (_, engine) => {
    const options = { engine: engine(), weights, config, training, ...LAYOUT };
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

const KEPT = { method: 'qlora', precision: 'float32', memory: 'fast', device: 'cpu' } as const;

/** The model's weights as a run of QLoRA keeps them. */
function quantized(model: string, doubleQuantization: boolean): WeightSource {
  const { base, config, weightsFile } = loadOracle(model);
  const tensors = new Map(
    [...base].map(([name, { shape }]) => [name, { name, dtype: 'F32', shape, file: weightsFile, offset: 0, bytes: 0 }]),
  );
  const source = {
    path: weightsFile,
    tensors,
    readTensor: (name: string) => base.get(name)!.data,
    inPlace: () => undefined,
  };
  const names = baseTensors(config).map(({ name }) => name);
  const formOf = weightForms(config, { ...KEPT, bnb_4bit_use_double_quant: doubleQuantization }, source);
  const locations = materializeWeights(source, names, join(folder, model), { formOf });
  return { location: (name) => locations.get(name)! };
}
