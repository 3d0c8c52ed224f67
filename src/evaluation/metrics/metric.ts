/**
 * A metric over rows. What `count` finds in a row adds up over rows, and `score` needs no more than the sums: so the score
 * of any resample of the rows costs no second look at their texts.
 */
export interface Metric<Row> {
  count(row: Row): readonly number[];
  score(sums: readonly number[]): number;
}

/** A row of texts. The best reference counts, as the tools of the field have it; there is at least one. */
export interface TextRow {
  readonly prediction: string;
  readonly references: readonly string[];
}

/** Rows that were looked at, ready to be scored. */
export interface Tally {
  readonly rows: number;
  /**
   * @param times how often each row is taken; without it every row once
   * @returns NaN where no row is taken
   */
  score(times?: ArrayLike<number>): number;
}

/** Counts every row once. */
export function tally<Row>(metric: Metric<Row>, rows: readonly Row[]): Tally {
  const counted = rows.map((row) => metric.count(row));
  const width = counted[0]?.length ?? 0;
  const counts = Float64Array.from(counted.flat());
  return {
    rows: rows.length,
    score: (times) => {
      const sums = new Array<number>(width).fill(0);
      let taken = 0;
      for (let row = 0; row < rows.length; row++) {
        const weight = times ? times[row]! : 1;
        if (weight === 0) continue;
        taken += weight;
        for (let i = 0; i < width; i++) sums[i]! += weight * counts[row * width + i]!;
      }
      return taken === 0 ? NaN : metric.score(sums);
    },
  };
}

/** The mean over the rows of a value that each row has for itself. */
export function meanOf<Row>(value: (row: Row) => number): Metric<Row> {
  return { count: (row) => [value(row), 1], score: ([sum, rows]) => sum! / rows! };
}

/** The mean over the rows of the value at the reference that fits best. */
export function meanOfBest(value: (prediction: string, reference: string) => number): Metric<TextRow> {
  return meanOf(({ prediction, references }) =>
    references.reduce((best, reference) => Math.max(best, value(prediction, reference)), 0),
  );
}
