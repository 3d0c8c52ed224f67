import { grown } from './merges';

/** Token ids with their UTF-16 ranges, growing as needed. */
export class TokenBuffer {
  ids = new Int32Array(1024);
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);
  length = 0;

  push(id: number, start: number, end: number): void {
    const at = this.length++;
    if (at === this.ids.length) {
      this.ids = grown(this.ids);
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
    }
    this.ids[at] = id;
    this.starts[at] = start;
    this.ends[at] = end;
  }
}

/** Reads the tokens of a word into `out`, their ranges counted from the word's beginning. False: the ranges are not known. */
export type WordReader = (text: string, from: number, to: number, out: TokenBuffer) => boolean;

const LONGEST = 64;
const WORDS = 1 << 17;
const CHARS = 1 << 20;
const TOKENS = 1 << 19;
const SLOTS = WORDS * 2;

/**
 * Remembers the tokens of words: text repeats itself. A hash table over the characters themselves, so that a word
 * that is known costs no string. When it is full, it begins anew.
 */
export class WordTable {
  #words = 0;
  #charsUsed = 0;
  #tokensUsed = 0;
  readonly #slots = new Int32Array(SLOTS);
  readonly #hashes = new Int32Array(WORDS);
  /** Where the word's characters and tokens begin; one more entry for the end. */
  readonly #charsAt = new Int32Array(WORDS + 1);
  readonly #tokensAt = new Int32Array(WORDS + 1);
  readonly #chars = new Uint16Array(CHARS);
  readonly #ids = new Int32Array(TOKENS);
  readonly #starts = new Uint8Array(TOKENS);
  readonly #ends = new Uint8Array(TOKENS);
  readonly #fresh = new TokenBuffer();
  readonly #read: WordReader;

  constructor(read: WordReader) {
    this.#read = read;
  }

  /** Adds the tokens of `text[from, to)`. @param base added to the ranges. False: the ranges are not known. */
  append(text: string, from: number, to: number, base: number, out: TokenBuffer): boolean {
    const length = to - from;
    if (length > LONGEST) return this.#append(text, from, to, base, out, false, 0, 0);
    let hash = 0x811c9dc5 | 0;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 15;
    const slots = this.#slots;
    let slot = hash & (SLOTS - 1);
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if (this.#hashes[entry - 1] === hash && this.#isWord(entry - 1, text, from, length)) {
        const last = this.#tokensAt[entry]!;
        const place = base + from;
        for (let i = this.#tokensAt[entry - 1]!; i < last; i++)
          out.push(this.#ids[i]!, place + this.#starts[i]!, place + this.#ends[i]!);
        return true;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    return this.#append(text, from, to, base, out, true, hash, slot);
  }

  #isWord(word: number, text: string, from: number, length: number): boolean {
    const at = this.#charsAt[word]!;
    if (this.#charsAt[word + 1]! - at !== length) return false;
    for (let i = 0; i < length; i++) if (this.#chars[at + i] !== text.charCodeAt(from + i)) return false;
    return true;
  }

  #append(
    text: string,
    from: number,
    to: number,
    base: number,
    out: TokenBuffer,
    keep: boolean,
    hash: number,
    slot: number,
  ): boolean {
    const fresh = this.#fresh;
    fresh.length = 0;
    const exact = this.#read(text, from, to, fresh);
    const place = base + from;
    for (let i = 0; i < fresh.length; i++) out.push(fresh.ids[i]!, place + fresh.starts[i]!, place + fresh.ends[i]!);
    if (keep && exact) this.#remember(text, from, to, hash, slot);
    return exact;
  }

  #remember(text: string, from: number, to: number, hash: number, slot: number): void {
    const { ids, starts, ends, length } = this.#fresh;
    if (this.#words === WORDS || this.#charsUsed + LONGEST > CHARS || this.#tokensUsed + length > TOKENS) {
      this.#slots.fill(0);
      this.#words = this.#charsUsed = this.#tokensUsed = 0;
      slot = hash & (SLOTS - 1);
    }
    const word = this.#words++;
    for (let i = from; i < to; i++) this.#chars[this.#charsUsed++] = text.charCodeAt(i);
    for (let i = 0; i < length; i++) {
      this.#ids[this.#tokensUsed] = ids[i]!;
      this.#starts[this.#tokensUsed] = starts[i]!;
      this.#ends[this.#tokensUsed++] = ends[i]!;
    }
    this.#hashes[word] = hash;
    this.#charsAt[word + 1] = this.#charsUsed;
    this.#tokensAt[word + 1] = this.#tokensUsed;
    this.#slots[slot] = word + 1;
  }
}
