import { describe, expect, it } from 'vitest';
import { lowerBound, Series } from '../../../src/webview/app/series';
import { METRIC_COLUMNS, type MetricColumns } from '../../../src/webview/protocol';

function columns(steps: readonly number[], loss: readonly number[]): MetricColumns {
  const zero = new Float64Array(steps.length);
  const filled = Object.fromEntries(METRIC_COLUMNS.map((name) => [name, zero])) as Record<
    (typeof METRIC_COLUMNS)[number],
    Float64Array
  >;
  return { type: 'columns', time: zero, ...filled, step: Float64Array.from(steps), loss: Float64Array.from(loss) };
}

/** Weighted mean written out: weights 0.9^age, no running state. */
function smoothAt(loss: readonly number[], index: number): number {
  let sum = 0;
  let weights = 0;
  for (let i = 0; i <= index; i++) {
    const weight = 0.9 ** (index - i);
    sum += weight * loss[i]!;
    weights += weight;
  }
  return sum / weights;
}

describe('Series', () => {
  it('smooths by a moving average that is free of its start', () => {
    const loss = Array.from({ length: 50 }, (_, i) => 2 / (i + 1) + Math.sin(i));
    const series = new Series();
    series.append(
      columns(
        Array.from(loss, (_, i) => i + 1),
        loss,
      ),
    );
    expect(series.smooth[0]).toBeCloseTo(loss[0]!, 12);
    loss.forEach((_, i) => expect(series.smooth[i]).toBeCloseTo(smoothAt(loss, i), 10));
  });

  it('smooths the same in pieces, over a growing buffer', () => {
    const loss = Array.from({ length: 5000 }, (_, i) => Math.cos(i / 7) + 2);
    const whole = new Series();
    const pieces = new Series();
    whole.append(
      columns(
        Array.from(loss, (_, i) => i + 1),
        loss,
      ),
    );
    for (let i = 0; i < loss.length; i += 333)
      pieces.append(
        columns(
          loss.slice(i, i + 333).map((_, j) => i + j + 1),
          loss.slice(i, i + 333),
        ),
      );
    expect([...pieces.smooth]).toEqual([...whole.smooth]);
    expect(pieces.length).toBe(5000);
  });

  it('leaves a gap at NaN and goes on behind it', () => {
    const series = new Series();
    series.append(columns([1, 2, 3], [1, NaN, 3]));
    expect([...series.smooth]).toEqual([1, NaN, smoothAt([1, 3], 1)]);
  });

  it('forgets steps that are trained again', () => {
    const series = new Series();
    series.append(columns([1, 2, 3, 4], [4, 3, 2, 1]));
    series.append(columns([3, 4], [5, 6]));
    expect([...series.column('step')]).toEqual([1, 2, 3, 4]);
    expect([...series.column('loss')]).toEqual([4, 3, 5, 6]);
    expect(series.smooth[3]).toBeCloseTo(smoothAt([4, 3, 5, 6], 3), 12);
  });

  it('finds the nearest step', () => {
    const series = new Series();
    expect(series.nearest(3)).toBe(-1);
    series.append(columns([10, 20, 30], [1, 1, 1]));
    expect([0, 14, 15, 16, 30, 99].map((step) => series.nearest(step))).toEqual([0, 0, 0, 1, 2, 2]);
    expect(series.last('step')).toBe(30);
  });
});

describe('lowerBound', () => {
  it('agrees with a search from the left', () => {
    const values = [1, 2, 2, 5, 9];
    for (const wanted of [0, 1, 2, 3, 5, 9, 10]) {
      const at = values.findIndex((value) => value >= wanted);
      expect(lowerBound(values, wanted)).toBe(at < 0 ? values.length : at);
    }
  });
});
