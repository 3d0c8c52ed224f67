import { expect, it } from 'vitest';
import { differenceText, valueText } from '../../src/evaluation/numbers';

it('numbers read as people write them', () => {
  expect(valueText(0.3141, 'share')).toBe('31.4 %');
  expect(valueText(27.34, 'points')).toBe('27.3');
  expect(valueText(1.13991, 'none')).toBe('1.140');
  expect(valueText(12_345.6, 'none')).toBe('12,346');
  expect(valueText(138.6, 'tokens')).toBe('138.6');
  expect(valueText(null, 'share')).toBe('–');
});

it('differences carry a sign, unless there is nothing to see', () => {
  expect(differenceText(0.158, 'share')).toBe('+15.8');
  expect(differenceText(-12_345, 'none')).toBe('−12,345');
  expect(differenceText(-0.0001, 'share')).toBe('0.0');
  expect(differenceText(0, 'points')).toBe('0.0');
});
