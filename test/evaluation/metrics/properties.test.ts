import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confidenceInterval } from '../../../src/evaluation/metrics/bootstrap';
import { exactMatch } from '../../../src/evaluation/metrics/exact-match';
import { tally } from '../../../src/evaluation/metrics/metric';
import { pairedBootstrap, pairedRandomization } from '../../../src/evaluation/metrics/paired-test';
import { rougeScore } from '../../../src/evaluation/metrics/rouge';
import { squadF1 } from '../../../src/evaluation/metrics/squad';
import { METRICS } from '../../../src/evaluation/metrics/table';

const word = fc.oneof(fc.constantFrom('the', 'cats', 'running', '3.5', '"x"', '😀', '漢字', '{}', '.'), fc.string());
const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
const row = fc.record({ prediction: text, references: fc.array(text, { minLength: 1, maxLength: 3 }) });
const rows = fc.array(row, { minLength: 1, maxLength: 6 });
// A reference must be JSON for these; they have examples of their own.
const ofTexts = METRICS.filter(({ id, tally }) => tally && id !== 'json_fields' && id !== 'json_equal');

describe.each(ofTexts.map((metric) => [metric.id, metric] as const))('%s', (_, { tally, unit }) => {
  const most = unit === 'points' ? 100 : 1;

  it('lies between nothing and all, whatever the order of the rows', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const score = tally!(some).score();
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(most * (1 + 1e-12));
        expect(tally!([...some].reverse()).score()).toBeCloseTo(score, 9);
        expect(tally!([...some, ...some]).score()).toBeCloseTo(tally!(some).score(some.map(() => 2)), 9);
      }),
      { numRuns: 30 },
    );
  });

  it('of no row is no number, and a very long answer is no crash', () => {
    expect(tally!([]).score()).toBeNaN();
    const long = 'the quick {brown} fox, 漢字! '.repeat(1500);
    for (const references of [['short'], ['']])
      expect(tally!([{ prediction: long, references }]).score()).toBeGreaterThanOrEqual(0);
  });

  it('of an answer equal to its reference is all', () => {
    const same = '{"a": "The cats are running fast, 3.5 times."}';
    expect(tally!([{ prediction: same, references: ['other', same] }]).score()).toBeCloseTo(
      unit === 'points' ? 100 : 1,
      9,
    );
  });
});

it('F1 does not change when answer and reference change places; precision and recall do', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [there, back] = [
        { prediction: a, references: [b] },
        { prediction: b, references: [a] },
      ];
      expect(tally(squadF1, [there]).score()).toBeCloseTo(tally(squadF1, [back]).score(), 12);
      for (const kind of ['rouge1', 'rouge2', 'rougeL'] as const) {
        const { precision, recall, fmeasure } = rougeScore(kind, there);
        const swapped = rougeScore(kind, back);
        expect([swapped.recall, swapped.precision]).toEqual([precision, recall]);
        expect(swapped.fmeasure).toBeCloseTo(fmeasure, 12);
      }
    }),
  );
});

describe('resampling', () => {
  const answers = (right: number, of: number) =>
    Array.from({ length: of }, (_, i) => ({ prediction: i < right ? 'yes' : 'no', references: ['yes'] }));
  const both = (base: number, tuned: number, of: number) =>
    tally(exactMatch, [...answers(base, of), ...answers(tuned, of)]);

  it('the interval of a share is that of the binomial distribution', () => {
    const { low, high } = confidenceInterval(tally(exactMatch, answers(60, 100)), { seed: 1, samples: 4000 });
    // 2.5 % and 97.5 % of a hundred draws at 0.6.
    expect([low, high]).toEqual([0.5, 0.69].map((value) => expect.closeTo(value, 2) as number));
  });
  it('one seed gives one interval', () => {
    const some = tally(exactMatch, answers(6, 10));
    expect(confidenceInterval(some, { seed: 3 })).toEqual(confidenceInterval(some, { seed: 3 }));
  });
  it('a narrower level lies within a wider', () => {
    const some = tally(exactMatch, answers(30, 50));
    const [wide, narrow] = [0.99, 0.5].map((level) => confidenceInterval(some, { seed: 3, level }));
    expect(narrow!.low).toBeGreaterThan(wide!.low);
    expect(narrow!.high).toBeLessThan(wide!.high);
  });
  it('equal models do not differ', () => {
    const { difference, interval, pValue } = pairedBootstrap(both(6, 6, 10), { seed: 1 });
    expect([difference, interval.low, interval.high, pValue]).toEqual([0, 0, 0, 1]);
    expect(pairedRandomization(both(6, 6, 10), { seed: 1, samples: 500 })).toBe(1);
  });
  it('one answer more is chance, thirty more are not', () => {
    expect(pairedRandomization(both(5, 6, 10), { seed: 1, samples: 500 })).toBe(1);
    // Six rows differ, all to one side: 2 / 2⁶.
    expect(pairedRandomization(both(2, 8, 10), { seed: 1, samples: 20_000 })).toBeCloseTo(2 / 64, 2);
    const clear = pairedBootstrap(both(20, 50, 60), { seed: 1 });
    expect(clear.difference).toBeCloseTo(0.5, 12);
    expect(clear.interval.low).toBeGreaterThan(0.3);
    expect(clear.pValue).toBeLessThan(0.01);
  });
  it('of no row is no number', () => {
    expect(confidenceInterval(tally(exactMatch, []), { seed: 1 })).toEqual({ low: NaN, high: NaN });
  });
});

it('the table names every metric once', () => {
  const ids = METRICS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { tally, needs } of METRICS)
    expect(tally !== undefined).toBe(needs === 'answers' || needs === 'references');
});
