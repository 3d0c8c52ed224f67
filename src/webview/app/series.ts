import { METRIC_COLUMNS, type MetricColumn, type MetricColumns } from '../protocol';

/** Weight of the past in the smoothed loss. */
export const SMOOTHING = 0.9;

type Columns = { -readonly [K in MetricColumn | 'time']: Float64Array };

/**
 * The steps of one run as growing columns. Steps rise strictly: a record with an earlier step (a resumed run) removes
 * what it repeats. NaN stands for a value that was not finite.
 */
export class Series {
  #columns: Columns = emptyColumns(0);
  #smooth = new Float64Array(0);
  #length = 0;
  /** Moving average and the sum of its weights: their quotient is free of the pull towards the start value 0. */
  #mean = 0;
  #weight = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of a column, valid until the next append. */
  column(name: MetricColumn | 'time'): Float64Array {
    return this.#columns[name].subarray(0, this.#length);
  }

  /** Exponential moving average of the loss, corrected for the start. */
  get smooth(): Float64Array {
    return this.#smooth.subarray(0, this.#length);
  }

  /** The last value of a column, or NaN. */
  last(name: MetricColumn | 'time'): number {
    return this.#length === 0 ? NaN : this.#columns[name][this.#length - 1]!;
  }

  append(columns: MetricColumns): void {
    const count = columns.step.length;
    if (count === 0) return;
    this.#truncate(columns.step[0]!);
    this.#reserve(this.#length + count);
    for (const name of [...METRIC_COLUMNS, 'time'] as const) this.#columns[name].set(columns[name], this.#length);
    this.#length += count;
    this.#smoothFrom(this.#length - count);
  }

  /** Index of the record whose step is nearest, or -1 without records. */
  nearest(step: number): number {
    if (this.#length === 0) return -1;
    const at = lowerBound(this.column('step'), step);
    if (at === this.#length) return at - 1;
    if (at === 0) return 0;
    const steps = this.#columns.step;
    return step - steps[at - 1]! <= steps[at]! - step ? at - 1 : at;
  }

  #truncate(step: number): void {
    if (this.#length === 0 || step > this.last('step')) return;
    this.#length = lowerBound(this.column('step'), step);
    this.#mean = 0;
    this.#weight = 0;
    this.#smoothFrom(0);
  }

  #smoothFrom(first: number): void {
    const loss = this.#columns.loss;
    for (let i = first; i < this.#length; i++) {
      const value = loss[i]!;
      if (Number.isFinite(value)) {
        this.#mean = SMOOTHING * this.#mean + (1 - SMOOTHING) * value;
        this.#weight = SMOOTHING * this.#weight + (1 - SMOOTHING);
        this.#smooth[i] = this.#mean / this.#weight;
      } else this.#smooth[i] = NaN;
    }
  }

  #reserve(length: number): void {
    const capacity = this.#smooth.length;
    if (length <= capacity) return;
    const next = Math.max(1024, length, capacity * 2);
    const grown = emptyColumns(next);
    for (const name of [...METRIC_COLUMNS, 'time'] as const) grown[name].set(this.column(name));
    const smooth = new Float64Array(next);
    smooth.set(this.smooth);
    this.#columns = grown;
    this.#smooth = smooth;
  }
}

/** Index of the first value that is not below `wanted`; the values must rise. */
export function lowerBound(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function emptyColumns(length: number): Columns {
  const entries = [...METRIC_COLUMNS, 'time'].map((name) => [name, new Float64Array(length)]);
  return Object.fromEntries(entries) as Columns;
}
