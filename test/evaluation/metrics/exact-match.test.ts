import { expect, it } from 'vitest';
import { exactMatch } from '../../../src/evaluation/metrics/exact-match';

const pair = (prediction: string, reference: string) => ({ prediction, reference });

it('counts what is equal character for character', () => {
  expect(exactMatch([pair('a', 'a'), pair('a ', 'a'), pair('A', 'a'), pair('', '')])).toBe(0.5);
  // The same letter as one code point and as two is not the same text.
  expect(exactMatch([pair('\u00e9', 'e\u0301')])).toBe(0);
});

it('of nothing is no number', () => {
  expect(exactMatch([])).toBeNaN();
});
