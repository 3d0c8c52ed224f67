/** The known word that a misspelt one most likely stands for: equal but for case and signs, or at most two edits away. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  const limit = Math.min(2, Math.floor(wanted.length / 2));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const edits = distance(plain(candidate), wanted);
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
