import { createRandom } from '../../common/random';
import type { Tally } from './metric';

export interface ResampleOptions {
  readonly seed: number;
  /** 1,000 unless said otherwise. */
  readonly samples?: number;
  /** 0.95 unless said otherwise. */
  readonly level?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile interval of a score by the bootstrap (Efron 1979): the rows are drawn again with replacement, and the score of
 * the whole sample is computed anew. NaN where there is no row.
 */
export function confidenceInterval(tally: Tally, options: ResampleOptions): Interval {
  return percentiles(
    resample(tally.rows, options, (times) => tally.score(times)),
    options.level,
  );
}

/** The score of one sample of rows after the other. @param score is told how often each row is drawn */
export function resample(
  rows: number,
  { seed, samples = 1000 }: ResampleOptions,
  score: (times: Uint32Array) => number,
): Float64Array {
  const random = createRandom(seed);
  const times = new Uint32Array(rows);
  return Float64Array.from({ length: samples }, () => {
    times.fill(0);
    for (let row = 0; row < rows; row++) times[random.integer(rows)]!++;
    return score(times);
  });
}

/** The middle `level` of the scores, between neighbours in proportion (type 7 of Hyndman and Fan, numpy's default). */
export function percentiles(scores: Float64Array, level = 0.95): Interval {
  const sorted = scores.slice().sort();
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
    return a + (b - a) * (place - below);
  };
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) };
}
