/** Byte-level BPE as GPT-2 defines it: bytes are written as printable characters, merges are learnt by frequency. */
export interface Vocabulary {
  /** Token texts by id, in byte characters; the special tokens come first. */
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * Learns merges until the vocabulary has `size` entries, from the pieces that occur at least `minimumCount` times.
 * Ties go to the pair that comes first in code unit order.
 */
export function learnMerges(
  texts: readonly string[],
  pattern: RegExp,
  size: number,
  specials: readonly string[],
  minimumCount = 1,
): Vocabulary {
  const characters = byteCharacters();
  const words = countWords(texts, pattern, characters).filter((word) => word.count >= minimumCount);
  const tokens = [...specials, ...[...characters].sort(compare)];
  const merges: [string, string][] = [];
  const known = new Set(tokens);
  const pairs = new Map<string, number>();
  const add = (symbols: readonly string[], count: number): void => {
    for (let i = 1; i < symbols.length; i++) {
      const pair = `${symbols[i - 1]!} ${symbols[i]!}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + count);
    }
  };
  for (const word of words) add(word.symbols, word.count);
  while (tokens.length < size) {
    const best = mostFrequent(pairs);
    if (best === undefined) throw new Error(`The corpus gives only ${tokens.length} tokens.`);
    const [left, right] = best.split(' ') as [string, string];
    merges.push([left, right]);
    if (!known.has(left + right)) tokens.push(left + right);
    known.add(left + right);
    for (const word of words) {
      if (!hasPair(word.symbols, left, right)) continue;
      add(word.symbols, -word.count);
      word.symbols = merge(word.symbols, left, right);
      add(word.symbols, word.count);
    }
  }
  return { tokens, merges };
}

/** The printable character of each byte value. */
export function byteCharacters(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

interface Word {
  symbols: string[];
  readonly count: number;
}

function countWords(texts: readonly string[], pattern: RegExp, characters: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [piece] of text.matchAll(pattern)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const encoder = new TextEncoder();
  return [...counts].map(([piece, count]) => ({
    symbols: Array.from(encoder.encode(piece), (byte) => characters[byte]!),
    count,
  }));
}

function mostFrequent(pairs: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const [pair, count] of pairs)
    if (count > most || (count === most && best !== undefined && compare(pair, best) < 0)) {
      best = pair;
      most = count;
    }
  return best;
}

function hasPair(symbols: readonly string[], left: string, right: string): boolean {
  for (let i = 1; i < symbols.length; i++) if (symbols[i - 1] === left && symbols[i] === right) return true;
  return false;
}

function merge(symbols: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const both = symbols[i] === left && symbols[i + 1] === right;
    merged.push(both ? left + right : symbols[i]!);
    if (both) i++;
  }
  return merged;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
