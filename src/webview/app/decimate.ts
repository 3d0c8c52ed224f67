/**
 * Indices of the points that a chart of `pixels` columns needs: the first, lowest, highest and last of each column, so
 * that spikes survive, and one point of each column that holds a gap (NaN), so that lines break there.
 * `from` (inclusive) and `to` (exclusive) bound the points; x must rise. At most two points a pixel are returned as they are.
 */
export function decimate(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from: number,
  to: number,
  pixels: number,
): number[] {
  const kept: number[] = [];
  if (to - from <= 2 * pixels) {
    for (let i = from; i < to; i++) kept.push(i);
    return kept;
  }
  const start = x[from]!;
  const perUnit = pixels / (x[to - 1]! - start);
  for (let i = from; i < to;) {
    const column = columnOf(x[i]!, start, perUnit, pixels);
    const first = i;
    let low = -1;
    let high = -1;
    let gap = -1;
    while (i < to && columnOf(x[i]!, start, perUnit, pixels) === column) {
      const value = y[i]!;
      if (Number.isNaN(value)) gap = gap < 0 ? i : gap;
      else {
        if (low < 0 || value < y[low]!) low = i;
        if (high < 0 || value > y[high]!) high = i;
      }
      i++;
    }
    const columnPoints = [first, low, high, gap, i - 1].filter((index) => index >= 0).sort((a, b) => a - b);
    for (const index of columnPoints) if (kept[kept.length - 1] !== index) kept.push(index);
  }
  return kept;
}

function columnOf(x: number, start: number, perUnit: number, pixels: number): number {
  return Math.min(pixels - 1, Math.floor((x - start) * perUnit));
}
