import { expect, it } from 'vitest';
import { exactMatch } from '../../../src/evaluation/metrics/exact-match';
import { tally } from '../../../src/evaluation/metrics/metric';

const row = (prediction: string, ...references: string[]) => ({ prediction, references });
const score = (...rows: ReturnType<typeof row>[]) => tally(exactMatch, rows).score();

it('counts what is equal character for character', () => {
  expect(score(row('a', 'a'), row('a ', 'a'), row('A', 'a'), row('', ''))).toBe(0.5);
  // The same letter as one code point and as two is not the same text.
  expect(score(row('\u00e9', 'e\u0301'))).toBe(0);
});

it('takes any of several references', () => {
  expect(score(row('b', 'a', 'b'), row('c', 'a', 'b'))).toBe(0.5);
});

it('of nothing is no number', () => {
  expect(score()).toBeNaN();
});
