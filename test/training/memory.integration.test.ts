import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { magnitudeName } from '../../src/training/adapters/dora';
import { initializeLora, isTarget } from '../../src/training/adapters/lora';
import { weightForms } from '../../src/training/base';
import { createCollator } from '../../src/training/batches';
import type { WeightSource } from '../../src/training/engines/engine';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createReferenceEngine } from '../../src/training/engines/reference';
import type { Training } from '../../src/training/models/modules';
import { baseTensors, linearModules } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';
import { type SessionOptions, createEvaluationSession, createTrainingSession } from '../../src/training/session';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../src/training/weights/float16';
import { materializeWeights } from '../../src/training/weights/materialize';
import { loadOracle, relativeError } from './oracle';
import { quantizedWeights } from './quantized';

const layout = { blocks: 2, headChunks: 2 };
const processor = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: false });
const reference = createReferenceEngine();
/** Takes the way of a GPU, one graph with recomputation, on the processor. */
const oneGraph = { ...processor, device: 'one-graph' };

describe('little memory against the fast layout', () => {
  it.each([
    ['llama-tied', 'lora', ['q_proj', 'v_proj']],
    ['llama-untied', 'full', []],
    ['llama-tied', 'full', []],
    ['qwen3', 'lora', ['model.layers.1.self_attn.q_proj', 'down_proj']],
    ['smollm3', 'lora', ['all-linear']],
    ['gemma3', 'lora', ['all-linear']],
    ['phi3', 'lora', ['qkv_proj']],
    ['gpt2', 'lora', ['all-linear']],
    ['gpt2', 'full', []],
  ] as const)(
    '%s, %s of %s: loss, gradients with dropout, evaluation, logits',
    async (model, method, targetModules) => {
      const { config, weights, base, batch } = loadOracle(model);
      const lora = { r: 4, alpha: 8, dropout: 0.2, targetModules };
      const training: Training = method === 'full' ? { method } : { method, lora };
      const parameters = method === 'full' ? all(config, base) : adapter(config, targetModules);
      const labelled = createCollator({ config, padId: 0, ...layout })(batch(0));
      const options = { engine: processor, weights, config, training, neftuneAlpha: 5, labelSmoothing: 0.1, ...layout };
      const fast = await measure(options);
      expect(fast.gradients.size).toBe(parameters.length);
      for (const engine of [processor, oneGraph]) {
        const low = await measure({ ...options, engine, memory: 'low' });
        expect(low.loss / fast.loss).toBeCloseTo(1, 6);
        expect(low.evaluationLoss / fast.evaluationLoss).toBeCloseTo(1, 6);
        expect(low.predictions).toEqual(fast.predictions);
        expect(relativeError(low.logits, fast.logits)).toBeLessThan(1e-5);
        expect([...low.gradients.keys()].sort()).toEqual([...fast.gradients.keys()].sort());
        for (const [name, gradient] of fast.gradients)
          expect(relativeError(low.gradients.get(name)!, gradient), name).toBeLessThan(1e-5);
      }

      async function measure(chosen: SessionOptions) {
        const session = await createTrainingSession(chosen, parameters);
        const { loss, gradients } = await session.forwardBackward(labelled, createRandom(3));
        const evaluation = await createEvaluationSession(chosen, parameters);
        const found = await evaluation.forward(labelled);
        const { data: logits } = await evaluation.logits(labelled);
        await Promise.all([session.dispose(), evaluation.dispose()]);
        return { loss, gradients, evaluationLoss: found.loss, predictions: found.predictions, logits };
      }
    },
  );
});

interface Asked {
  readonly dropout: number;
  readonly packed?: boolean;
  readonly dora?: boolean;
  readonly quantized?: boolean;
}

describe('little memory with all that a run can ask for', () => {
  const whole = ['all-linear'] as const;
  it.each([
    ['mistral-window', { packed: true, dropout: 0.2 }],
    ['gemma2', { packed: true, dropout: 0.2 }],
    ['qwen2', { dora: true, dropout: 0.2, quantized: true }],
  ] as readonly (readonly [string, Asked])[])('%s %j: the gradients of two batches', async (model, asked) => {
    const { packed = false, dora = false, quantized = false, dropout } = asked;
    const { config, weights, batch } = loadOracle(model);
    const training: Training = { method: 'lora', lora: { r: 4, alpha: 8, dropout, dora, targetModules: whole } };
    const magnitudes = linearModules(config).map(({ module, outFeatures }): Parameter => {
      const data = new Float32Array(outFeatures).map((_, i) => 0.5 + (i % 7) / 7);
      return { name: magnitudeName(module), shape: [outFeatures], data };
    });
    const parameters = [...adapter(config, whole), ...(dora ? magnitudes : [])];
    const rows = batch(0);
    const together = [rows.flat(), rows.flat().reverse()];
    const labelled = createCollator({ config, padId: 0, ...layout })(packed ? together : rows);
    const source = quantized ? quantizedWeights(model, true) : weights;
    const measure = async (engine: typeof processor, memory: 'fast' | 'low') => {
      const options = { engine, weights: source, config, training, memory, ...layout };
      const session = await createTrainingSession(options, parameters);
      const random = createRandom(3);
      const found = [await session.forwardBackward(labelled, random), await session.forwardBackward(labelled, random)];
      await session.dispose();
      return found;
    };
    const fast = await measure(processor, 'fast');
    // Other masks: the second batch is not the first one again.
    if (dropout > 0) expect(fast[1]!.loss).not.toBe(fast[0]!.loss);
    for (const engine of [processor, oneGraph])
      for (const [i, { loss, gradients }] of (await measure(engine, 'low')).entries()) {
        expect(loss / fast[i]!.loss).toBeCloseTo(1, 6);
        expect(gradients.size).toBe(parameters.length);
        for (const [name, gradient] of fast[i]!.gradients)
          expect(relativeError(gradients.get(name)!, gradient), name).toBeLessThan(2e-5);
      }
  });
});

describe('frozen weights in 16 bits', () => {
  const { config, base, weightsFile, batch } = loadOracle('llama-tied');
  const folder = mkdtempSync(join(tmpdir(), 'precision-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const training: Training = {
    method: 'lora',
    lora: { r: 4, alpha: 8, dropout: 0, targetModules: ['q_proj', 'down_proj'] },
  };
  const parameters = adapter(config, ['q_proj', 'down_proj']);
  const labelled = createCollator({ config, padId: 0, ...layout })(batch(0));
  const run = async (chosen: Partial<SessionOptions> & Pick<SessionOptions, 'weights'>) => {
    const session = await createTrainingSession(
      { engine: processor, config, training, ...layout, ...chosen },
      parameters,
    );
    const result = await session.forwardBackward(labelled, createRandom(1));
    await session.dispose();
    return result;
  };

  /** What is left of the matrices in 16 bits. */
  const rounded = (type: 'bfloat16' | 'float16', data: Float32Array): Float32Array => {
    const bits = new Uint16Array(data.length);
    (type === 'bfloat16' ? float32ToBfloat16 : float32ToFloat16)(data, bits);
    const numbers = new Float32Array(data.length);
    (type === 'bfloat16' ? bfloat16ToFloat32 : float16ToFloat32)(bits, numbers);
    return numbers;
  };
  const place = (name: string, settings: object, read: (name: string) => Float32Array, dtype = 'F32'): WeightSource => {
    const tensors = new Map(
      [...base].map(([tensor, { shape }]) => [
        tensor,
        { name: tensor, dtype, shape, file: weightsFile, offset: 0, bytes: 0 },
      ]),
    );
    const source = { path: weightsFile, tensors, readTensor: read, inPlace: () => undefined };
    const formOf = weightForms(config, { ...PLAIN, ...settings }, source);
    const locations = materializeWeights(source, base.keys(), join(folder, name), { formOf });
    return { location: (tensor) => locations.get(tensor)! };
  };

  it.each(['bfloat16', 'float16'] as const)(
    '%s: every layout and engine computes with the rounded numbers',
    async (type) => {
      const numbers = (name: string): Float32Array => base.get(name)!.data;
      const matrix = (name: string): boolean => base.get(name)!.shape.length === 2;
      const expected = await run({
        weights: place(`${type}.rounded`, {}, (name) => (matrix(name) ? rounded(type, numbers(name)) : numbers(name))),
      });
      const weights = place(type, { precision: type }, numbers);
      expect(weights.location('model.layers.0.self_attn.q_proj.weight').dataType).toBe(type);
      expect(weights.location('model.norm.weight').dataType).toBe('float32');
      for (const chosen of [
        {},
        { memory: 'low' },
        { memory: 'low', engine: oneGraph },
        { engine: reference },
      ] as const) {
        const found = await run({ weights, ...chosen });
        expect(found.loss / expected.loss).toBeCloseTo(1, 6);
        for (const [name, gradient] of expected.gradients)
          expect(relativeError(found.gradients.get(name)!, gradient), name).toBeLessThan(1e-4);
      }
      // A test of the test: rounding is seen.
      const unrounded = await run({ weights: place('float32', {}, numbers) });
      expect(Math.abs(unrounded.loss / expected.loss - 1)).toBeGreaterThan(1e-6);
    },
  );

  it('a base that has 16 bits keeps them where memory is low, and nowhere else', () => {
    const typeOf = (settings: object): string | undefined =>
      place('kept', settings, (name) => base.get(name)!.data, 'BF16').location('model.embed_tokens.weight').dataType;
    expect(typeOf({ memory: 'low' })).toBe('bfloat16');
    expect(typeOf({ memory: 'fast' })).toBe('float32');
    expect(typeOf({ memory: 'low', device: 'webgpu' })).toBe('float32');
  });
});

const PLAIN = {
  method: 'lora',
  bnb_4bit_use_double_quant: true,
  precision: 'float32',
  memory: 'fast',
  device: 'cpu',
} as const;

function all(config: SessionOptions['config'], base: ReturnType<typeof loadOracle>['base']): Parameter[] {
  return baseTensors(config).map(({ name, shape }) => ({ name, shape, data: base.get(name)!.data }));
}

/** An adapter that changes the model: B is not zero. */
function adapter(config: SessionOptions['config'], targets: readonly string[]): Parameter[] {
  const random = createRandom(2);
  const modules = linearModules(config).filter(({ module }) => isTarget(module, targets));
  return [...initializeLora(modules, 4, random)].map(([name, { shape, data }]) => ({
    name,
    shape,
    data: data.map((x) => (x === 0 ? (random.next() - 0.5) * 0.2 : x)),
  }));
}
