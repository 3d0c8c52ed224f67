import { describe, expect, it } from 'vitest';
import { fitSpans, spread } from '../../../src/webview/app/charts/labels';
import { panned, zoomed } from '../../../src/webview/app/charts/zoom';
import { fitLoss, logTicks, niceCeiling, niceTicks, quantile } from '../../../src/webview/app/scale';

describe('niceTicks', () => {
  it('gives round numbers inside the range, never more than asked', () => {
    expect(niceTicks(0, 412, 5)).toEqual([0, 100, 200, 300, 400]);
    expect(niceTicks(0.93, 1.7, 6)).toEqual([1, 1.2, 1.4, 1.6]);
    expect(niceTicks(0, 1, 3)).toEqual([0, 0.5, 1]);
    expect(niceTicks(-0.3, 0.3, 3).map(Math.abs)).toEqual([0.2, 0, 0.2]);
    for (let high = 0.01; high < 1e7; high *= 3.7)
      for (const most of [2, 4, 6, 8]) {
        const ticks = niceTicks(high * 0.3, high, most);
        expect(ticks.length).toBeLessThanOrEqual(most);
        expect(ticks.length).toBeGreaterThanOrEqual(1);
        expect(ticks.every((tick) => tick >= high * 0.2999 && tick <= high * 1.0001)).toBe(true);
      }
  });
  it('survives an empty range', () => {
    expect(niceTicks(3, 3, 5)).toEqual([3]);
    expect(niceTicks(NaN, NaN, 5)).toEqual([]);
  });
});

describe('logTicks', () => {
  it('takes powers of ten and what fits between', () => {
    expect(logTicks(0.1, 100, 4)).toEqual([0.1, 1, 10, 100]);
    expect(logTicks(0.9, 12, 4)).toEqual([1, 2, 5, 10]);
    expect(logTicks(1.1, 1.9, 6).length).toBeGreaterThan(1);
    expect(logTicks(0, 1, 6)).toEqual([]);
  });
});

describe('niceCeiling', () => {
  it('is round and not below', () => {
    expect([2.93, 2745, 2e-4, 1, 61, 0].map(niceCeiling)).toEqual([3, 3000, 2e-4, 1, 80, 1]);
  });
});

describe('quantile', () => {
  it('interpolates as NumPy does', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 0.1)).toBeCloseTo(1.3, 12);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('fitLoss', () => {
  const step = Array.from({ length: 500 }, (_, i) => i + 1);
  const falling = step.map((s) => 1 + 4 * Math.exp(-s / 10) + 0.05 * Math.sin(s));

  it('cuts a steep start and says how high it reached', () => {
    const fit = fitLoss({ step, loss: falling }, [], true)!;
    expect(fit.high).toBeLessThan(1.2);
    expect(fit.low).toBeGreaterThan(0.9);
    expect(fit.start?.highest).toBe(Math.max(...falling));
    expect(fit.spikes).toBeUndefined();
  });
  it('shows everything when a part is looked at', () => {
    const part = { step: step.slice(0, 100), loss: falling.slice(0, 100) };
    expect(fitLoss(part, [], false)?.start).toBeUndefined();
  });
  it('does not stretch for one spike, and names it', () => {
    const loss = falling.map((value, i) => (i === 299 ? 30 : value));
    const fit = fitLoss({ step, loss }, [], true)!;
    expect(fit.high).toBeLessThan(2);
    expect(fit.spikes).toEqual({ count: 1, highest: 30, step: 300 });
  });
  it('always holds validation', () => {
    const validation = { step: [250, 500], loss: [1.8, 2.2] };
    expect(fitLoss({ step, loss: falling }, [validation], true)!.high).toBeGreaterThan(2.2);
  });
  it('shows a short or flat run whole, and nothing for nothing', () => {
    const short = fitLoss({ step: [1, 2, 3], loss: [3, 2, 1] }, [], true)!;
    expect(short.low).toBeLessThan(1);
    expect(short.high).toBeGreaterThan(3);
    const flat = fitLoss({ step: [1, 2], loss: [1, 1] }, [], true)!;
    expect(flat.high).toBeGreaterThan(flat.low);
    expect(fitLoss({ step: [1], loss: [NaN] }, [], true)).toBeUndefined();
  });
});

describe('labels', () => {
  it('move apart, keep their order and stay inside', () => {
    expect(spread([50, 50], 30, 0, 200)).toEqual([50, 80]);
    expect(spread([195, 190], 30, 0, 200)).toEqual([200, 170]);
    expect(spread([10, 100], 30, 0, 200)).toEqual([10, 100]);
  });
  it('give way to more important ones', () => {
    const spans = [
      { from: 10, to: 50 },
      { from: 45, to: 80 },
      { from: 60, to: 90 },
    ];
    expect(fitSpans(spans, 8)).toEqual([true, false, true]);
  });
});

describe('zoom', () => {
  const full = { from: 0, to: 1000 };
  it('keeps the point under the pointer', () => {
    expect(zoomed(full, 250, 0.5, full)).toEqual({ from: 125, to: 625 });
  });
  it('ends at the whole run', () => {
    expect(zoomed({ from: 100, to: 900 }, 500, 3, full)).toBeUndefined();
  });
  it('pans without leaving the run or changing its width', () => {
    expect(panned({ from: 100, to: 300 }, 900, full)).toEqual({ from: 800, to: 1000 });
    expect(panned({ from: 100, to: 300 }, -900, full)).toEqual({ from: 0, to: 200 });
  });
});
