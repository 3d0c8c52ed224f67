import { commonPlaces } from '../../../evaluation/metrics/common-subsequence';

/** A stretch of a text, marked where the other text has no counterpart. */
export interface Stretch {
  readonly text: string;
  readonly marked: boolean;
}

/** The words of each text that a longest common subsequence of both does not hold. Case and punctuation count. */
export function compareWords(a: string, b: string): { readonly a: Stretch[]; readonly b: Stretch[] } {
  const ids = new Map<string, number>();
  const [first, second] = [wordsOf(a, ids), wordsOf(b, ids)];
  const common = commonWords(idsOf(first), idsOf(second));
  return { a: mark(first, common.a), b: mark(second, common.b) };
}

interface Piece {
  readonly text: string;
  /** The same for equal words; -1 for white space, which is never compared. */
  readonly id: number;
}

/** Scripts that put no spaces between words: each character is compared. */
const UNSPACED = String.raw`[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]`;
// Intl.Segmenter takes seconds for a long text.
const WORDS = new RegExp(String.raw`\s+|${UNSPACED}\p{M}*|(?:(?!${UNSPACED})[\p{L}\p{M}\p{N}_])+|[^]`, 'gu');

function wordsOf(text: string, ids: Map<string, number>): Piece[] {
  return (text.match(WORDS) ?? []).map((word) => {
    if (word.trim() === '') return { text: word, id: -1 };
    const id = ids.get(word) ?? ids.size;
    ids.set(word, id);
    return { text: word, id };
  });
}

function idsOf(pieces: readonly Piece[]): Int32Array {
  return Int32Array.from(pieces.filter(({ id }) => id >= 0).map(({ id }) => id));
}

/** Pairs of words that are compared at most, after equal beginnings and ends are taken off. */
const MOST_PAIRS = 1_000_000;

interface Common {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
}

function commonWords(a: Int32Array, b: Int32Array): Common {
  const common = { a: new Uint8Array(a.length), b: new Uint8Array(b.length) };
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  for (const side of [common.a, common.b]) {
    side.fill(1, 0, start);
    side.fill(1, side.length - end);
  }
  const [middleA, middleB] = [a.subarray(start, a.length - end), b.subarray(start, b.length - end)];
  if (middleA.length * middleB.length > MOST_PAIRS) markShared(middleA, middleB, start, common);
  else {
    for (const place of commonPlaces(middleA, middleB)) common.a[start + place] = 1;
    for (const place of commonPlaces(middleB, middleA)) common.b[start + place] = 1;
  }
  return common;
}

/** Of long texts: a word has a counterpart wherever the other text has it. */
function markShared(a: Int32Array, b: Int32Array, start: number, common: Common): void {
  const [inA, inB] = [new Set(a), new Set(b)];
  a.forEach((id, place) => (common.a[start + place] = inB.has(id) ? 1 : 0));
  b.forEach((id, place) => (common.b[start + place] = inA.has(id) ? 1 : 0));
}

function mark(pieces: readonly Piece[], common: Uint8Array): Stretch[] {
  let word = 0;
  const marks = pieces.map(({ id }) => id >= 0 && common[word++] === 0);
  const stretches: { text: string; marked: boolean }[] = [];
  pieces.forEach(({ text, id }, i) => {
    // A space within a marked phrase belongs to it.
    const marked = id >= 0 ? marks[i]! : marks[i - 1] === true && marks[i + 1] === true;
    const last = stretches.at(-1);
    if (last?.marked === marked) last.text += text;
    else stretches.push({ text, marked });
  });
  return stretches;
}
