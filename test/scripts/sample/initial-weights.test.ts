import { describe, expect, it } from 'vitest';
import { HEAD, initialWeights } from '../../../scripts/sample/initial-weights';
import { SHAPE } from '../../../scripts/sample/recipe';

describe('initialWeights', () => {
  const tensors = initialWeights(SHAPE, 1);
  const weight = (name: string): Float32Array => tensors.get(`model.layers.0.self_attn.${name}.weight`)!.data;

  it('has the tensors of a tied Llama in their shapes', () => {
    expect(tensors.size).toBe(2 + 9 * SHAPE.layers);
    expect(tensors.get('model.embed_tokens.weight')!.shape).toEqual([1024, SHAPE.hidden]);
    expect(tensors.get('model.layers.1.self_attn.k_proj.weight')!.shape).toEqual([SHAPE.kvHeads * HEAD, SHAPE.hidden]);
    for (const { shape, data } of tensors.values()) {
      expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  it.each([
    [0, 1],
    [1, 2],
  ])('lets head %i of the first layer look %i tokens back', (head, distance) => {
    const constant = SHAPE.hidden - 1;
    const column = (matrix: Float32Array, row: number): number => matrix[row * SHAPE.hidden + constant]!;
    const score = (back: number): number => {
      let sum = 0;
      for (let pair = 0; pair < HEAD / 2; pair++) {
        const angle = back * SHAPE.ropeTheta ** (-pair / (HEAD / 2));
        const q0 = column(weight('q_proj'), head * HEAD + pair);
        const q1 = column(weight('q_proj'), head * HEAD + pair + HEAD / 2);
        const rotated = q0 * Math.cos(angle) - q1 * Math.sin(angle);
        sum += rotated * column(weight('k_proj'), pair);
      }
      return sum;
    };
    const scores = Array.from({ length: 200 }, (_, back) => score(back));
    expect(scores.indexOf(Math.max(...scores))).toBe(distance);
  });

  it('is the same for the same seed only', () => {
    const name = 'model.embed_tokens.weight';
    const bytes = (seed: number): Buffer => Buffer.from(initialWeights(SHAPE, seed).get(name)!.data.buffer);
    const first = Buffer.from(tensors.get(name)!.data.buffer);
    expect(bytes(1).equals(first)).toBe(true);
    expect(bytes(2).equals(first)).toBe(false);
  });
});
