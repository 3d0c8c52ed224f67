import { describe, expect, it } from 'vitest';
import {
  countText,
  differenceText,
  durationText,
  estimateText,
  gibText,
  gpuUseText,
  lossText,
  normText,
  plural,
  rateText,
  rewardText,
  shortCount,
  tickTexts,
} from '../../../src/webview/app/format';

describe('numbers', () => {
  it('follow the house rules', () => {
    expect([countText(1056), countText(-3), countText(NaN)]).toEqual(['1,056', '−3', '–']);
    expect([812, 12_345, 1_050_000, 134_515_008, 1.5e9].map(shortCount)).toEqual([
      '812',
      '12.3 k',
      '1.05 M',
      '135 M',
      '1.50 G',
    ]);
    expect([1.0937, -0.5, null, NaN, undefined].map(lossText)).toEqual(['1.094', '−0.500', '–', '–', '–']);
    expect([0.008, -0.021, 0.0001, -0.0001].map(differenceText)).toEqual(['+0.008', '−0.021', '0.000', '0.000']);
    expect([2e-4, 1.52e-4, 0, 0.01].map(rateText)).toEqual(['2e−4', '1.52e−4', '0', '1e−2']);
    expect([0.4512, -0.000_312, 0, NaN].map(rewardText)).toEqual(['0.451', '−0.00031', '0', '–']);
    expect([0.853, 61, 12_345].map(normText)).toEqual(['0.85', '61.00', '12.3 k']);
    expect(gibText(2.93 * 2 ** 30)).toBe('2.93');
    expect(gpuUseText(12.3 * 2 ** 30, 0.874)).toBe('GPU 12.30 GiB and 87 % busy');
    expect([gpuUseText(2 ** 30, NaN), gpuUseText(NaN, 1), gpuUseText(NaN, NaN)]).toEqual([
      'GPU 1.00 GiB',
      'GPU 100 % busy',
      '',
    ]);
    expect([plural(1, 'step'), plural(2, 'step')]).toEqual(['1 step', '2 steps']);
  });
});

describe('times', () => {
  it('name one unit, or hours and minutes', () => {
    expect([0, 0.8, 40, 99, 100, 780, 5940, 7500, 7200].map(durationText)).toEqual([
      '0 s',
      '0.8 s',
      '40 s',
      '99 s',
      '2 min',
      '13 min',
      '99 min',
      '2 h 5 min',
      '2 h',
    ]);
  });
  it('say about, or give a range', () => {
    expect(estimateText(770, 790)).toBe('about 13 min');
    expect(estimateText(720, 840)).toBe('12–14 min');
    expect(estimateText(40, 50)).toBe('40–50 s');
    expect(estimateText(7000, 8000)).toBe('1.9–2.2 h');
    expect(estimateText(-1, 0)).toBe('about 0 s');
  });
});

describe('tickTexts', () => {
  it('gives all ticks of an axis the same decimals', () => {
    expect(tickTexts([1, 1.2, 1.4])).toEqual(['1.0', '1.2', '1.4']);
    expect(tickTexts([0, 500, 1000])).toEqual(['0', '500', '1000']);
    expect(tickTexts([-0.5, 0, 0.5])).toEqual(['−0.5', '0.0', '0.5']);
    expect(tickTexts([0, 50_000])).toEqual(['0', '50 k']);
  });
});
