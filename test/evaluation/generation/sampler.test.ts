import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { GREEDY } from '../../../src/evaluation/generation/generator';
import { isGreedy, sampleToken } from '../../../src/evaluation/generation/sampler';

const logits = Float32Array.from([0.5, 0.1, 0.25, 0.15].map(Math.log));
const plain = { ...GREEDY, temperature: 1 };

/** How often each token is drawn in 4000 draws. */
function shares(choice: typeof plain, values = logits, history: number[] = []): number[] {
  const random = createRandom(7);
  const counts = Array.from(values, () => 0);
  for (let i = 0; i < 4000; i++) counts[sampleToken(values, history, choice, random)]!++;
  return counts.map((count) => count / 4000);
}
const near = (found: number[], wanted: number[]): void =>
  found.forEach((share, i) => expect(Math.abs(share - wanted[i]!)).toBeLessThan(0.03));

describe('sampling', () => {
  it('draws by the probabilities', () => near(shares(plain), [0.5, 0.1, 0.25, 0.15]));
  it('sharpens and flattens with the temperature', () => {
    // p^(1/T): squares over their sum at T = 0.5, square roots at T = 2.
    near(
      shares({ ...plain, temperature: 0.5 }),
      [0.25, 0.01, 0.0625, 0.0225].map((p) => p / 0.345),
    );
    near(
      shares({ ...plain, temperature: 2 }),
      [0.707, 0.316, 0.5, 0.387].map((p) => p / 1.91),
    );
  });
  it('keeps the k likeliest', () => near(shares({ ...plain, topK: 2 }), [2 / 3, 0, 1 / 3, 0]));
  it('keeps the fewest that have the share p', () => {
    near(shares({ ...plain, topP: 0.74 }), [2 / 3, 0, 1 / 3, 0]);
    near(shares({ ...plain, topP: 0.76 }), [0.5 / 0.9, 0, 0.25 / 0.9, 0.15 / 0.9]);
    near(shares({ ...plain, topP: 0 }), [1, 0, 0, 0]);
  });
  it('measures the share p in what top k left', () => near(shares({ ...plain, topK: 2, topP: 0.6 }), [1, 0, 0, 0]));
  it('keeps what is at least so likely as the likeliest', () =>
    near(shares({ ...plain, minP: 0.31 }), [2 / 3, 0, 1 / 3, 0]));
  it('is greedy without temperature, and the first of equals wins', () => {
    expect(sampleToken(Float32Array.of(1, 3, 3), [], GREEDY, createRandom(1))).toBe(1);
    expect(isGreedy(GREEDY)).toBe(true);
    expect(isGreedy({ ...GREEDY, repeatPenalty: 1.1 })).toBe(false);
  });
  it('makes what was said less likely, above and below zero', () => {
    const penalty = { ...GREEDY, repeatPenalty: 2 };
    expect(sampleToken(Float32Array.of(3, 2), [0, 0], penalty, createRandom(1))).toBe(1);
    expect(sampleToken(Float32Array.of(-1, -1.5), [0], penalty, createRandom(1))).toBe(1);
    // Only the last 64 tokens count.
    expect(
      sampleToken(Float32Array.of(3, 2), [0, ...Array.from({ length: 64 }, () => 1)], penalty, createRandom(1)),
    ).toBe(0);
  });
  it('draws the same with the same seed', () => {
    const draws = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => sampleToken(logits, [], plain, random));
    };
    expect(draws(3)).toEqual(draws(3));
    expect(draws(3)).not.toEqual(draws(4));
  });
});
