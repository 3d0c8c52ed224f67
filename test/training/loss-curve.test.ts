import { describe, expect, it } from 'vitest';
import { lossCurve, lossRange, niceTicks, smooth } from '../../src/training/loss-curve';
import { evaluation, metrics, started } from './sample-events';

describe('lossCurve', () => {
  it('collects both losses and the best validation', () => {
    const curve = lossCurve([
      started(),
      metrics(1, 3),
      metrics(2, null),
      metrics(3, 2),
      evaluation(2, 2.5),
      evaluation(3, 2.75),
    ]);
    expect(curve).toMatchObject({ name: 'support-bot', stepsPerEpoch: 50, best: { step: 2, loss: 2.5 } });
    expect(curve.train.map(({ loss }) => loss)).toEqual([3, null, 2]);
    expect(curve.smoothed[1]).toBeNull();
  });

  it('lets a resumed run replace the steps that it repeats', () => {
    const events = [
      metrics(1, 5),
      metrics(2, 4),
      metrics(3, 3),
      evaluation(3, 9),
      metrics(2, 40),
      metrics(3, 30),
      evaluation(3, 8),
    ];
    const curve = lossCurve(events);
    expect(curve.train).toEqual([
      { step: 1, loss: 5 },
      { step: 2, loss: 40 },
      { step: 3, loss: 30 },
    ]);
    expect(curve.validation).toEqual([{ step: 3, loss: 8 }]);
  });

  it('drops what is repeated as soon as the run goes on', () => {
    const first = [started(), metrics(1, 5), evaluation(1, 6), metrics(2, 4), metrics(3, 3), evaluation(3, 2)];
    const curve = lossCurve([...first, started({ resumedFrom: 2 })]);
    expect(curve.train.map(({ step }) => step)).toEqual([1, 2]);
    expect(curve).toMatchObject({ validation: [{ step: 1, loss: 6 }], best: { step: 1, loss: 6 } });
    expect(lossCurve([...first, started({ resumedFrom: 0 })]).train).toEqual([]);
  });
});

describe('smooth', () => {
  it('is the weighted mean of all values so far, each older one weighing 0.9 times the next', () => {
    const values = [4, 1, 2.5];
    const expected = (2.5 + 0.9 * 1 + 0.81 * 4) / (1 + 0.9 + 0.81);
    expect(smooth(values)[2]).toBeCloseTo(expected, 12);
    expect(smooth(values)[0]).toBeCloseTo(4, 12);
    expect(smooth([4, null, 1])).toEqual([smooth([4, 1])[0], null, smooth([4, 1])[1]]);
  });
});

describe('lossRange', () => {
  it('leaves out the first steps of a longer run', () => {
    const events = Array.from({ length: 1000 }, (_, i) => metrics(i + 1, i < 5 ? 50 : 1));
    expect(lossRange(lossCurve(events))!.high).toBeLessThan(5);
  });
  it('is never empty, and undefined without a loss', () => {
    const { low, high } = lossRange(lossCurve([metrics(1, 2), metrics(2, 2)]))!;
    expect(high).toBeGreaterThan(low);
    expect(lossRange(lossCurve([metrics(1, null)]))).toBeUndefined();
  });
});

describe('niceTicks', () => {
  it('gives round numbers inside of the range', () => {
    expect(niceTicks(0.47, 3.6, 7)).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
    expect(niceTicks(0, 150, 8)).toEqual([0, 20, 40, 60, 80, 100, 120, 140]);
    expect(niceTicks(1.0605, 1.3, 5)).toEqual([1.1, 1.15, 1.2, 1.25, 1.3]);
  });
});
