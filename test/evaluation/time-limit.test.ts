import { expect, it } from 'vitest';
import { passRate, patternCheck } from '../../src/evaluation/metrics/pass-rate';
import { tally } from '../../src/evaluation/metrics/metric';
import { withTimeLimit } from '../../src/evaluation/time-limit';
import { Failure } from '../../src/common/failure';

it('gives what the work gives, its errors included', () => {
  expect(withTimeLimit(() => 7, 1000)).toBe(7);
  const failure = new Failure('x', 'y', 'z');
  expect(() =>
    withTimeLimit(() => {
      throw failure;
    }, 1000),
  ).toThrow(failure);
});

it('ends a pattern that backtracks without end, and goes on', () => {
  const rows = ['aaaa', `${'a'.repeat(60)}b`, 'aa'].map((prediction) => ({ prediction }));
  const metric = passRate(patternCheck('^(a+)+$'), (check) => withTimeLimit(check, 50));
  expect(tally(metric, rows).score()).toBeCloseTo(2 / 3, 12);
});
