import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { createOnnxRuntimeEngine } from '../../../src/training/engines/onnxruntime';
import { Graph, reachable } from '../../../src/training/graph/graph';
import { crossEntropy, headLogits } from '../../../src/training/graph/head';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../../src/training/weights/float16';
import { relativeError } from '../oracle';

/** Twice what is made float32 at once. */
const [n, width, vocabulary] = [6, 128, 131_072];
const random = createRandom(4);
const x = new Float32Array(n * width).map(() => random.normal());
const numbers = new Float32Array(vocabulary * width).map(() => random.next() - 0.5);
const labels = Int32Array.of(3, 0, 65_535, 65_536, 131_071, 70_000);
const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: false });
const location = (): never => {
  throw new Error('There are no weights.');
};

async function run(type: 'float32' | 'bfloat16' | 'float16', data: Float32Array | Uint16Array) {
  const g = new Graph();
  const rows = g.input('x', ['N', width]);
  const head = g.input('head', [vocabulary, width], type);
  const places = [g.input('labels', ['N'], 'int32'), g.input('weights', ['N'])] as const;
  const { loss, nll, predictions } = crossEntropy(g, rows, head, ...places, 1, 30, 0.1);
  const [dx] = g.gradients(loss, [rows]);
  const outputs = { nll, predictions, dx: dx!, logits: headLogits(g, rows, head) };
  const executable = await engine.compile({ outputs }, { location });
  const results = await executable.run({
    x: { data: x, shape: [n, width] },
    head: { data, shape: [vocabulary, width] },
    labels: { data: labels, shape: [n] },
    weights: { data: new Float32Array(n).fill(1), shape: [n] },
  });
  await executable.dispose();
  const decoded = reachable(Object.values(outputs)).filter(({ operation }) => operation.kind === 'float');
  const rowsAtOnce = decoded.flatMap(({ shape }) => (typeof shape[0] === 'number' ? [shape[0]] : []));
  return { results, largest: Math.max(0, ...rowsAtOnce) };
}

describe('a head in 16 bits', () => {
  it.each([
    ['bfloat16', float32ToBfloat16, bfloat16ToFloat32],
    ['float16', float32ToFloat16, float16ToFloat32],
  ] as const)('%s: the numbers of the rounded head, which is never float32 as a whole', async (type, round, widen) => {
    const bits = new Uint16Array(numbers.length);
    round(numbers, bits);
    const rounded = new Float32Array(numbers.length);
    widen(bits, rounded);
    const expected = await run('float32', rounded);
    const found = await run(type, bits);
    expect(expected.largest).toBe(0);
    expect(found.largest).toBe(vocabulary / 2);
    expect(found.results.predictions!.data).toEqual(expected.results.predictions!.data);
    for (const name of ['nll', 'dx', 'logits'] as const)
      expect(relativeError(found.results[name]!.data, expected.results[name]!.data), name).toBeLessThan(1e-5);
  });
});
