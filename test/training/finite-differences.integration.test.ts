import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { createCollator } from '../../src/training/batches';
import { createReferenceEngine } from '../../src/training/engines/reference';
import type { Training } from '../../src/training/models/modules';
import type { Parameter } from '../../src/training/optimizer';
import { createEvaluationSession, createTrainingSession } from '../../src/training/session';
import { loadOracle } from './oracle';

/** Entries of each tensor that are moved. */
const PROBES = 3;
// Losses come out as float32, so the step is wide and the formula has four points (error in the order of STEP⁴).
const STEP = 2 ** -7;

describe('gradients against central differences on the reference engine', () => {
  it.each([
    ['llama-untied', 28],
    ['qwen2', 28],
    ['gemma2', 28],
    ['phi3-longrope', 16],
    ['gpt2', 16],
  ] as const)('%s: every adapter tensor', async (model, count) => {
    const { dump, config, weights, tensors, batch } = loadOracle(model);
    const parameters = [...tensors].flatMap(([name, { data, shape }]): Parameter[] =>
      name.startsWith('adapter.') ? [{ name: name.slice('adapter.'.length), shape, data: data.slice() }] : [],
    );
    const layout = { blocks: 2, headChunks: 2 };
    const training: Training = { method: 'lora', lora: dump.lora };
    const options = { engine: createReferenceEngine(), weights, config, training, ...layout };
    // The smallest batch: every probe costs two forward passes.
    const labelled = createCollator({ config, padId: 0, ...layout })(batch(5));
    const session = await createTrainingSession(options, parameters);
    const evaluation = await createEvaluationSession(options, parameters);
    const { gradients } = await session.forwardBackward(labelled, createRandom(1));
    const random = createRandom(7);
    let checked = 0;
    for (const { name, data } of parameters) {
      const gradient = gradients.get(name)!;
      const scale = Math.max(...gradient.map(Math.abs));
      for (let i = 0; i < PROBES; i++) {
        const at = random.integer(data.length);
        const value = data[at]!;
        const lossAt = async (x: number): Promise<number> => {
          data[at] = x;
          return (await evaluation.forward(labelled)).loss;
        };
        const slope = async (h: number): Promise<number> => {
          const above = await lossAt(value + h);
          const below = await lossAt(value - h);
          return (above - below) / (Math.fround(value + h) - Math.fround(value - h));
        };
        const expected = (4 * (await slope(STEP)) - (await slope(2 * STEP))) / 3;
        data[at] = value;
        expect(Math.abs(expected - gradient[at]!) / scale, `${name}[${at}]`).toBeLessThan(1e-3);
        checked++;
      }
    }
    expect(checked).toBe(parameters.length * PROBES);
    expect(parameters.length).toBe(count);
  });
});
