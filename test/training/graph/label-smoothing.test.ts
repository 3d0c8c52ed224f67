import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { createReferenceEngine } from '../../../src/training/engines/reference';
import { crossEntropy } from '../../../src/training/graph/head';
import { Graph } from '../../../src/training/graph/graph';

const [n, width, vocabulary] = [4, 3, 7];
const random = createRandom(4);
const draw = (count: number): Float32Array => new Float32Array(count).map(() => 2 * random.normal());
const labels = { data: Int32Array.of(3, 0, 6, 3), shape: [n] };
const weights = { data: Float32Array.of(1, 1, 0, 1), shape: [n] };

async function lossAndGradients(x: Float32Array, head: Float32Array, smoothing: number, cap?: number) {
  const g = new Graph();
  const inputs = [g.input('x', [n, width]), g.input('head', [vocabulary, width])] as const;
  const { loss } = crossEntropy(
    g,
    ...inputs,
    g.input('labels', [n], 'int32'),
    g.input('weights', [n]),
    2,
    cap,
    smoothing,
  );
  const [dx, dHead] = g.gradients(loss, inputs);
  const outputs = { loss, x: dx!, head: dHead! };
  const location = (): never => {
    throw new Error('There are no weights.');
  };
  const engine = await createReferenceEngine().compile({ outputs }, { location });
  return engine.run({
    x: { data: x, shape: [n, width] },
    head: { data: head, shape: [vocabulary, width] },
    labels,
    weights,
  });
}

/** LabelSmoother of transformers, written out: (1 − ε) · nll + ε · mean over the vocabulary of −log p. */
function written(x: Float32Array, head: Float32Array, smoothing: number, cap?: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const logits = Array.from({ length: vocabulary }, (_, v) => {
      let logit = 0;
      for (let j = 0; j < width; j++) logit += x[i * width + j]! * head[v * width + j]!;
      return cap === undefined ? logit : cap * Math.tanh(logit / cap);
    });
    const logSum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
    const nll = logSum - logits[labels.data[i]!]!;
    const mean = logits.reduce((total, logit) => total + logSum - logit, 0) / vocabulary;
    sum += weights.data[i]! * ((1 - smoothing) * nll + smoothing * mean);
  }
  return sum;
}

it.each([
  [0, undefined],
  [0.1, undefined],
  [0.3, 2.5],
])('cross-entropy smoothed by %s with the cap %s: loss and finite differences', async (smoothing, cap) => {
  const data = { x: draw(n * width), head: draw(vocabulary * width) };
  const found = await lossAndGradients(data.x, data.head, smoothing, cap);
  expect(found.loss!.data[0]).toBeCloseTo(written(data.x, data.head, smoothing, cap), 4);
  for (const name of ['x', 'head'] as const)
    data[name].forEach((value, i) => {
      const at = (step: number): number => {
        const moved = { ...data, [name]: Float64Array.from(data[name], (old, j) => (i === j ? value + step : old)) };
        return written(moved.x, moved.head, smoothing, cap);
      };
      const slope = (at(1e-4) - at(-1e-4)) / 2e-4;
      expect(found[name]!.data[i], `${name}[${i}]`).toBeCloseTo(slope, 3);
    });
});
