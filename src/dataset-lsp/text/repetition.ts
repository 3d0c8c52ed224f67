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
// A search is fast for texts that begin with a rare character.
const FREQUENT = ' etaoinsrhld';
const RARE_WITHIN = 8;
const SAMPLED_LENGTH = 300;

/** Counts 32-bit hashes. One table serves all texts, so that nothing is allocated for a text. */
class HashCounter {
  #keys = new Uint32Array(1 << 12);
  /** The text that a place was last used for: clearing the table is one addition. */
  #uses = new Uint32Array(1 << 12);
  #again = new Uint8Array(1 << 12);
  #use = 0;

  /** @param count of hashes that will be added at most */
  begin(count: number): void {
    const size = this.#keys.length;
    if (count * 2 > size) {
      const wider = 2 ** Math.ceil(Math.log2(count * 2));
      this.#keys = new Uint32Array(wider);
      this.#uses = new Uint32Array(wider);
      this.#again = new Uint8Array(wider);
      this.#use = 0;
    }
    this.#use++;
  }

  /** How often it was there before, up to 2. */
  add(hash: number): number {
    const mask = this.#keys.length - 1;
    let at = (hash ^ (hash >>> 15)) & mask;
    while (this.#uses[at] === this.#use) {
      if (this.#keys[at] === hash) {
        const before = this.#again[at]!;
        this.#again[at] = 2;
        return before;
      }
      at = (at + 1) & mask;
    }
    this.#uses[at] = this.#use;
    this.#keys[at] = hash;
    this.#again[at] = 1;
    return 0;
  }
}

const counter = new HashCounter();
/** Hashes of the words of the text at hand. */
let hashes = new Uint32Array(4096);

export function repetitionOf(text: string): Repetition {
  const loop = findLoop(text);
  if (!loop && !mayRepeat(text)) return { differentWords: 1, repeatedGrams: 0, loop };
  const words = hashWords(text);
  return { differentWords: differentWords(words), repeatedGrams: repeatedGrams(words), loop };
}

/** A text of which half comes again has one of three samples twice; to count words takes ten times as long. */
function mayRepeat(text: string): boolean {
  if (text.length < SAMPLED_LENGTH) return text.length >= 2 * MINIMUM_WORDS - 1;
  return SAMPLES.some((share) => {
    let at = Math.floor((text.length - SAMPLE_LENGTH - RARE_WITHIN) * share);
    for (let tried = 0; tried < RARE_WITHIN && FREQUENT.includes(text[at]!); tried++) at++;
    const sample = text.slice(at, at + SAMPLE_LENGTH);
    return text.indexOf(sample) !== at || text.includes(sample, at + 1);
  });
}

function hashWords(text: string): number {
  let words = 0;
  let hash = 0;
  let start = 0;
  for (let i = 0; i <= text.length && words < MOST_WORDS; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    if (code > 32 && code !== 0xa0 && code !== 0x3000) {
      hash = (Math.imul(hash, 0x01000193) + (code >= 65 && code <= 90 ? code | 32 : code) * 0x9e3779b1) | 0;
      continue;
    }
    if (i > start) {
      if (words === hashes.length) hashes = grown(hashes);
      hashes[words++] = hash;
    }
    hash = 0;
    start = i + 1;
  }
  return words;
}

function differentWords(words: number): number {
  if (words < MINIMUM_WORDS) return 1;
  const stretches = Math.max(1, Math.round(words / STRETCH));
  const size = Math.ceil(words / stretches);
  let sum = 0;
  let count = 0;
  for (let from = 0; from < words; from += size) {
    const to = Math.min(words, from + size);
    counter.begin(to - from);
    let different = 0;
    for (let i = from; i < to; i++) if (counter.add(hashes[i]!) === 0) different++;
    sum += different / (to - from);
    count++;
  }
  return sum / count;
}

function repeatedGrams(words: number): number {
  if (words < MINIMUM_GRAM_WORDS) return 0;
  const grams = words - GRAM + 1;
  counter.begin(grams);
  let repeated = 0;
  // A rolling hash: the weight of the word that leaves is the base to the power of the length.
  let hash = 0;
  for (let i = 0; i < words; i++) {
    hash = (Math.imul(hash, BASE) + hashes[i]!) | 0;
    if (i >= GRAM) hash = (hash - Math.imul(hashes[i - GRAM]!, LEAVING)) | 0;
    if (i < GRAM - 1) continue;
    const before = counter.add(hash >>> 0);
    // The second time makes the first a repeated one, too.
    if (before > 0) repeated += before === 1 ? 2 : 1;
  }
  return repeated / grams;
}

const BASE = 0x2c1b3c6d;
const LEAVING = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** The first loop of at most 20 characters, letters among them. */
function findLoop(text: string): Repetition['loop'] {
  for (let at = 0; at + 2 * LONGEST_PERIOD <= text.length; at += STEP) {
    const window = text.slice(at, at + 2 * LONGEST_PERIOD);
    const period = window.indexOf(window.slice(0, LONGEST_PERIOD), 1);
    if (period < 0) continue;
    let start = at;
    while (start > 0 && text.charCodeAt(start - 1) === text.charCodeAt(start - 1 + period)) start--;
    let end = at + period;
    while (end < text.length && text.charCodeAt(end) === text.charCodeAt(end - period)) end++;
    if (end - start >= LOOP && /\p{L}/u.test(window.slice(0, period))) return { start, end };
    // What is no loop of letters may be a line across the page.
    at = Math.max(at, end - STEP);
  }
  return undefined;
}

function grown(list: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(list.length * 2);
  wider.set(list);
  return wider;
}
