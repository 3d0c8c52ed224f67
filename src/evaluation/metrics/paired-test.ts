import { createRandom } from '../../common/random';
import { percentiles, resample, type Interval, type ResampleOptions } from './bootstrap';
import type { Tally } from './metric';

export interface PairedResult {
  readonly base: number;
  readonly tuned: number;
  /** Tuned less base, and its interval over the resampled rows. */
  readonly difference: number;
  readonly interval: Interval;
  /**
   * sacreBLEU's: how often a resampled difference is above their mean size by as much as the real one. Of a difference that
   * is normally distributed it is about half of the two-sided p value, so that the interval is the stricter one to read.
   */
  readonly pValue: number;
}

/**
 * Paired bootstrap test as sacreBLEU's (Koehn 2004): both models are scored on the same resampled rows.
 * @param both one tally over the rows of the base model and after them the same rows of the tuned model
 */
export function pairedBootstrap(both: Tally, options: ResampleOptions): PairedResult {
  const rows = both.rows / 2;
  const side = new Uint32Array(both.rows);
  const scoreAt = (times: Uint32Array, offset: number): number => {
    side.fill(0);
    side.set(times, offset);
    return both.score(side);
  };
  const differences = resample(rows, options, (times) => scoreAt(times, rows) - scoreAt(times, 0));
  const base = scoreAt(new Uint32Array(rows).fill(1), 0);
  const tuned = scoreAt(new Uint32Array(rows).fill(1), rows);
  const sizes = differences.map(Math.abs);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return {
    base,
    tuned,
    difference: tuned - base,
    interval: percentiles(differences, options.level),
    pValue: pValueOf(
      sizes.map((size) => size - mean),
      tuned - base,
    ),
  };
}

/**
 * P value of the two-sided approximate randomisation test as sacreBLEU's (Riezler and Maxwell 2005): how often swapping the
 * two models' answers in random rows makes a larger difference. sacreBLEU takes 10,000 samples.
 * @param both as for `pairedBootstrap`
 */
export function pairedRandomization(both: Tally, { seed, samples = 10_000 }: ResampleOptions): number {
  const rows = both.rows / 2;
  const random = createRandom(seed);
  const sides = [new Uint8Array(both.rows), new Uint8Array(both.rows)] as const;
  const difference = (isSwapped: () => boolean): number => {
    for (let row = 0; row < rows; row++) {
      const swapped = isSwapped() ? 1 : 0;
      sides[0][row] = sides[1][rows + row] = 1 - swapped;
      sides[1][row] = sides[0][rows + row] = swapped;
    }
    return Math.abs(both.score(sides[1]) - both.score(sides[0]));
  };
  const real = difference(() => false);
  return pValueOf(
    Float64Array.from({ length: samples }, () => difference(() => random.next() < 0.5)),
    real,
  );
}

/**
 * Share of the differences found that are as large as the real one. The one that is added keeps the test from claiming more
 * than so many samples can show (Noreen 1989). sacreBLEU leaves ties out, which is the same for BLEU, where there are hardly
 * any, but would find one right answer more among ten significant, and even two equal models different.
 */
function pValueOf(found: Float64Array, difference: number): number {
  const size = Math.abs(difference);
  const larger = found.filter((value) => value >= size - ROUNDING * size).length;
  return (larger + 1) / (found.length + 1);
}

// Sums of the same numbers in another order differ by less.
const ROUNDING = 1e-9;
