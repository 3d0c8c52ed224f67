/** How often each run of `order` tokens occurs. The separator must be in no token. */
export function countNGrams(tokens: readonly string[], order: number, separator: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + order <= tokens.length; i++) {
    const nGram = order === 1 ? tokens[i]! : tokens.slice(i, i + order).join(separator);
    counts.set(nGram, (counts.get(nGram) ?? 0) + 1);
  }
  return counts;
}

/** How many occurrences two counts have in common. */
export function overlap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let common = 0;
  for (const [key, count] of a) common += Math.min(count, b.get(key) ?? 0);
  return common;
}
