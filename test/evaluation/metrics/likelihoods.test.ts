import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tally } from '../../../src/evaluation/metrics/metric';
import { perplexity, stridedSpans } from '../../../src/evaluation/metrics/perplexity';
import { tokenAccuracy } from '../../../src/evaluation/metrics/token-accuracy';
import { Failure } from '../../../src/common/failure';
import { readMetricsDump } from './dump';

describe('perplexity', () => {
  it("equals exp of torch's cross-entropy over all tokens", () => {
    const { rows, value } = readMetricsDump().perplexity;
    expect(Math.abs(tally(perplexity, rows).score() - value)).toBeLessThan(1e-6);
  });
  it('weighs tokens, not rows', () => {
    expect(tally(perplexity, [[Math.log(8)], [Math.log(2), Math.log(2)]]).score()).toBeCloseTo(Math.cbrt(32), 12);
  });
  it('of no labelled token is no number', () => {
    expect(tally(perplexity, [[], []]).score()).toBeNaN();
    expect(tally(perplexity, []).score()).toBeNaN();
  });
});

describe('strided spans', () => {
  it('are those of the guide by Hugging Face', () => {
    expect(stridedSpans(10, 6, 3)).toEqual([
      { start: 0, end: 6, scoredFrom: 1 },
      { start: 3, end: 9, scoredFrom: 6 },
      { start: 6, end: 10, scoredFrom: 9 },
    ]);
    expect(stridedSpans(6, 6, 3)).toEqual([{ start: 0, end: 6, scoredFrom: 1 }]);
    expect(stridedSpans(1, 6, 3)).toEqual([]);
  });
  it('score every token but the first once, each with one before it', () => {
    const cases = fc.integer({ min: 2, max: 40 }).chain((window) =>
      fc.record({
        window: fc.constant(window),
        stride: fc.integer({ min: 1, max: window - 1 }),
        length: fc.nat(200),
      }),
    );
    fc.assert(
      fc.property(cases, ({ window, stride, length }) => {
        const scored = stridedSpans(length, window, stride).flatMap(({ start, end, scoredFrom }) => {
          expect(start).toBeLessThan(scoredFrom);
          expect(end - start).toBeLessThanOrEqual(window);
          return Array.from({ length: end - scoredFrom }, (_, i) => scoredFrom + i);
        });
        expect(scored).toEqual(Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1));
      }),
    );
  });
  it.each([0, 6, 7, 1.5, NaN])('a stride of %s does not fit a window of 6', (stride) => {
    expect(() => stridedSpans(10, 6, stride)).toThrow(Failure);
  });
});

it('token accuracy counts the labelled tokens of all rows', () => {
  const rows = [
    { predicted: [1, 2, 3, 4], labels: [-1, 2, 9, 4] },
    { predicted: [5], labels: [6] },
    { predicted: [-1], labels: [-1] },
  ];
  expect(tally(tokenAccuracy, rows).score()).toBe(0.5);
  expect(tally(tokenAccuracy, rows.slice(2)).score()).toBeNaN();
});
