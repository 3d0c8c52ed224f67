import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { initializeLora, isTarget } from '../../src/training/adapters/lora';
import { createCollator } from '../../src/training/batches';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import type { Training } from '../../src/training/models/modules';
import { baseTensors, linearModules } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';
import { type SessionOptions, createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { loadOracle, relativeError } from './oracle';

const layout = { blocks: 2, headChunks: 2 };
const processor = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: false });
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
