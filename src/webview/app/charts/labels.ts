/**
 * Moves labels apart: `wanted` are their middles from top to bottom in any order, `gap` the least distance between
 * two, `low` and `high` the bounds. The order of the labels stays that of their middles.
 */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
  const placed: number[] = [];
  let floor = low;
  for (const index of order) {
    placed.push(Math.max(floor, Math.min(high, wanted[index]!)));
    floor = placed[placed.length - 1]! + gap;
  }
  let ceiling = high;
  for (let i = placed.length - 1; i >= 0; i--) {
    placed[i] = Math.min(placed[i]!, ceiling);
    ceiling = placed[i]! - gap;
  }
  const result = [...wanted];
  order.forEach((index, i) => (result[index] = placed[i]!));
  return result;
}

/** Spans on one line, kept in order of importance: one that would touch an earlier one is left out (`false`). */
export function fitSpans(spans: readonly { readonly from: number; readonly to: number }[], gap: number): boolean[] {
  const kept: { from: number; to: number }[] = [];
  return spans.map((span) => {
    const free = kept.every((other) => span.to + gap <= other.from || span.from >= other.to + gap);
    if (free) kept.push(span);
    return free;
  });
}
