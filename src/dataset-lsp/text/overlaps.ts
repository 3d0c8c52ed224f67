/** The ranges in order of their place; of those that overlap the one that begins first, or was found first, stays. */
export function withoutOverlaps<Range extends { readonly start: number; readonly end: number }>(
  ranges: readonly Range[],
): Range[] {
  const kept: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start))
    if (range.start >= (kept.at(-1)?.end ?? 0)) kept.push(range);
  return kept;
}
