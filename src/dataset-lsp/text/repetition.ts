import type { turnWords } from '../../dataset/turn-words';

/** How much of a text comes again. */
export interface Repetition {
  /** Share of different words among all words, from 0 to 1; 1 for texts of fewer than ten words. */
  readonly differentWords: number;
  /** Share of the 10-grams of words that occur more than once (Data-Juicer's measure); 0 for fewer than 50 words. */
  readonly repeatedGrams: number;
  /** UTF-16 range in which a few characters come again and again. */
  readonly loop: { readonly start: number; readonly end: number } | undefined;
}

const MINIMUM_WORDS = 10;
// In a long text words come back by nature (Heaps' law), so it is judged in stretches of this many words.
const STRETCH = 200;
/** Up to so many words there is but one. */
const ONE_STRETCH = 1.5 * STRETCH - 1;
const MOST_COUNTED = 1000;
/** Some of the words between spaces are punctuation only. */
const KNOWN_IN_GRAM = 6;
const GRAM = 10;
const MINIMUM_GRAM_WORDS = 50;
/** Longer texts are judged by this many words from their beginning. */
const MOST_WORDS = 1 << 18;
/** A loop of characters is at least this long, so that a window of 40 at every 120th has one that lies in it. */
const LOOP = 160;
const LONGEST_PERIOD = 20;
const STEP = LOOP - 2 * LONGEST_PERIOD;
/** Where a longer text is sampled, and how long the samples are. */
const SAMPLES = [0.2, 0.5, 0.8];
const SAMPLE_LENGTH = 24;
/** A search is fast for texts that begin with a rare character; these are not. */
const FREQUENT = Uint8Array.from({ length: 128 }, (_, code) =>
  ' etaoinsrhld'.includes(String.fromCharCode(code)) ? 1 : 0,
);
const RARE_WITHIN = 8;
const SAMPLED_LENGTH = 300;

/** Latin characters as they are compared: 0 for white space, small letters for the capitals of ASCII. */
const FOLDED = Uint16Array.from({ length: 256 }, (_, code) =>
  /\s/.test(String.fromCharCode(code)) ? 0 : code >= 65 && code <= 90 ? code + 32 : code,
);

/** Hashes of the words of the text at hand. It serves all texts, so that nothing is allocated for one. */
let hashes = new Int32Array(4096);
/**
 * A table of hashes that serves all texts, too: a place holds the upper bits of a hash and, in the lower ones, the
 * number of the stretch that it was last used for.
 */
const places = new Int32Array(4096);
let use = 0;
const USES = 0x3ff;

export function repetitionOf(text: string): Repetition {
  const loop = findLoop(text);
  if (text.length < 2 * MINIMUM_WORDS - 1) return { differentWords: 1, repeatedGrams: 0, loop };
  const words = hashWords(text);
  const grams = words >= MINIMUM_GRAM_WORDS && (loop || mayRepeat(text)) ? repeatedGrams(words) : 0;
  return { differentWords: differentWords(words), repeatedGrams: grams, loop };
}

/**
 * Whether a text is plainly free of repetition, at a fraction of the cost: no repeated runs, no loop, and at least
 * `minimumRatio` of its words differ. `false` means that `repetitionOf` is to be asked.
 * @param read words of the record's turns, by which records are compared: each lies in one between spaces
 * @param turn of the text
 */
export function isVaried(
  text: string,
  minimumRatio: number,
  read: ReturnType<typeof turnWords>,
  turn: number,
): boolean {
  if (text.length < 2 * MINIMUM_WORDS - 1) return true;
  // No more words than this lie between spaces.
  const most = read.spaces[turn]! + 1;
  const start = read.starts[turn]!;
  const end = read.starts[turn + 1]!;
  if (most > ONE_STRETCH || end - start > MOST_COUNTED || findLoop(text)) return false;
  const { hashes: own } = read.words;
  beginCounting();
  let count = 0;
  let known = 0;
  let mostKnown = 0;
  for (let i = start; i < end; i++) {
    const isNew = countOnce(own[i]!);
    count += isNew;
    known = (known + 1) * (isNew ^ 1);
    mostKnown = Math.max(mostKnown, known);
  }
  // A run of ten words that comes again has no new word.
  if (most >= MINIMUM_GRAM_WORDS && mostKnown >= KNOWN_IN_GRAM && mayRepeat(text)) return false;
  // Each of the words that follow another one without a space may belong to a word between spaces that came before.
  return count >= minimumRatio * most + (end - start - read.beforeSpace[turn]!);
}

/** A text of which half comes again has one of three samples twice, and a search for them is fast. */
function mayRepeat(text: string): boolean {
  if (text.length < SAMPLED_LENGTH) return true;
  for (const share of SAMPLES) {
    let at = Math.floor((text.length - SAMPLE_LENGTH - RARE_WITHIN) * share);
    for (let tried = 0; tried < RARE_WITHIN && FREQUENT[text.charCodeAt(at)] === 1; tried++) at++;
    const sample = text.slice(at, at + SAMPLE_LENGTH);
    if (text.indexOf(sample) !== at || text.includes(sample, at + 1)) return true;
  }
  return false;
}

/** Fills `hashes`. @returns the number of words */
function hashWords(text: string): number {
  let words = 0;
  let hash = 0;
  const length = text.length;
  for (let i = 0; i <= length && words < MOST_WORDS; i++) {
    const code = i < length ? text.charCodeAt(i) : 32;
    const char = code < 256 ? FOLDED[code]! : isWideSpace(code) ? 0 : code;
    if (char !== 0) hash = Math.imul(hash + char, 0x5bd1e995);
    else if (hash !== 0) {
      if (words === hashes.length) hashes = grown(hashes);
      hashes[words++] = hash;
      hash = 0;
    }
  }
  return words;
}

/** White space that is not Latin. */
function isWideSpace(code: number): boolean {
  if (code < 0x1680) return false;
  return (code >= 0x2000 && code < 0x3001) || code === 0xfeff || code === 0x1680
    ? /\s/.test(String.fromCharCode(code))
    : false;
}

function differentWords(words: number): number {
  if (words < MINIMUM_WORDS) return 1;
  const stretches = Math.max(1, Math.round(words / STRETCH));
  const size = Math.ceil(words / stretches);
  let sum = 0;
  let count = 0;
  for (let from = 0; from < words; from += size) {
    const to = Math.min(words, from + size);
    sum += different(from, to) / (to - from);
    count++;
  }
  return sum / count;
}

/** Number of different hashes among some. */
function different(from: number, to: number): number {
  beginCounting();
  let count = 0;
  for (let i = from; i < to; i++) count += countOnce(hashes[i]!);
  return count;
}

function beginCounting(): void {
  use = use === USES ? 1 : use + 1;
  if (use === 1) places.fill(0);
}

/** 1 for a hash that has not been counted yet, otherwise 0. */
function countOnce(hash: number): number {
  const mask = places.length - 1;
  const value = (hash & ~USES) | use;
  let at = (hash ^ (hash >>> 16)) & mask;
  // Never full: at most a thousand are counted.
  while (places[at] !== value && (places[at]! & USES) === use) at = (at + 1) & mask;
  if (places[at] === value) return 0;
  places[at] = value;
  return 1;
}

function repeatedGrams(words: number): number {
  const grams = words - GRAM + 1;
  const counts = new Map<number, number>();
  // A rolling hash: the weight of the word that leaves is the base to the power of the length.
  let hash = 0;
  for (let i = 0; i < words; i++) {
    hash = (Math.imul(hash, BASE) + hashes[i]!) | 0;
    if (i >= GRAM) hash = (hash - Math.imul(hashes[i - GRAM]!, LEAVING)) | 0;
    if (i >= GRAM - 1) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  let repeated = 0;
  for (const count of counts.values()) if (count > 1) repeated += count;
  return repeated / grams;
}

const BASE = 0x2c1b3c6d;
const LEAVING = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** The first loop of at most 20 characters, letters or digits among them. */
function findLoop(text: string): Repetition['loop'] {
  for (let at = 0; at + 2 * LONGEST_PERIOD <= text.length; at += STEP) {
    const period = periodAt(text, at);
    if (period === 0) continue;
    let start = at;
    while (start > 0 && text.charCodeAt(start - 1) === text.charCodeAt(start - 1 + period)) start--;
    let end = at + period;
    while (end < text.length && text.charCodeAt(end) === text.charCodeAt(end - period)) end++;
    if (end - start >= LOOP && /[\p{L}\p{N}]/u.test(text.slice(at, at + period))) return { start, end };
    // Any other loop may be a line across the page.
    at = Math.max(at, end - STEP);
  }
  return undefined;
}

/** After how many characters those at a place come again, 20 of them; 0 if they do not. */
function periodAt(text: string, at: number): number {
  const first = text.charCodeAt(at);
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    if (text.charCodeAt(at + period) !== first) continue;
    let same = 1;
    while (same < LONGEST_PERIOD && text.charCodeAt(at + same) === text.charCodeAt(at + same + period)) same++;
    if (same === LONGEST_PERIOD) return period;
  }
  return 0;
}

function grown(list: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(list.length * 2);
  wider.set(list);
  return wider;
}
