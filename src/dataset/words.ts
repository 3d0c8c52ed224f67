/** Words of a text as 32-bit hashes, found in one pass: what comparing millions of records rests on. */

/** Word hashes in a buffer that is used again and again. */
export class WordList {
  hashes: Uint32Array = new Uint32Array(1024);
  length = 0;
  /** Of the text that was read last: its white space characters, and its words with one of them right after. */
  spaces = 0;
  beforeSpace = 0;

  add(hash: number): void {
    this.reserve(1)[this.length++] = hash;
  }

  /** Makes room. @returns the buffer */
  reserve(more: number): Uint32Array {
    if (this.length + more > this.hashes.length) {
      const wider = new Uint32Array((this.length + more) * 2);
      wider.set(this.hashes.subarray(0, this.length));
      this.hashes = wider;
    }
    return this.hashes;
  }

  clear(): void {
    this.length = 0;
    // One record of many megabytes must not hold its memory for ever.
    if (this.hashes.length > 1 << 20) this.hashes = new Uint32Array(1024);
  }
}

/** Kinds of characters. One of a word has the sign bit, and its lower case. */
const IN_WORD = 0x80000000;
const SPACE = 0x40000000;
const ALONE = 1;
const PUNCTUATION = 0;
/**
 * Adds the words of a text to `words`. A word is a run of letters, marks and digits without regard to case; in scripts
 * without spaces every character is one, and so is an operator (2+2 is not 2-2). Other punctuation only separates.
 * @returns a 32-bit hash of every character, apart from white space at the ends
 */
export function readWords(text: string, words: WordList): number {
  const kinds = (kindTable ??= readKinds());
  let start = 0;
  let end = text.length;
  while (start < end && kinds[text.charCodeAt(start)] === SPACE) start++;
  while (end > start && kinds[text.charCodeAt(end - 1)] === SPACE) end--;
  const list = words.reserve(end - start + 1);
  let { length } = words;
  let exact = 0x9747b28c;
  let word = 0;
  let spaces = 0;
  let beforeSpace = 0;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    const kind = kinds[unit]!;
    exact = Math.imul(exact ^ unit, 0x9e3779b1);
    if (kind === ALONE) {
      if (word !== 0) list[length++] = word;
      word = 0;
      // Lines and frames drawn with operators are one word.
      if (unit > 0x2e7f || i === start || text.charCodeAt(i - 1) !== unit)
        list[length++] = Math.imul(unit ^ 0x5bd1e995, 0x85ebca6b);
      continue;
    }
    // Without a branch: the ends of words cannot be predicted, and this loop is most of what comparing costs.
    const inWord = kind >> 31;
    const isEnd = (~inWord & (word | -word)) >>> 31;
    const isSpace = (kind >>> 30) & 1;
    list[length] = word;
    length += isEnd;
    spaces += isSpace;
    beforeSpace += isEnd & isSpace;
    word = Math.imul(word ^ kind, 0x9e3779b1) & inWord;
  }
  if (word !== 0) list[length++] = word;
  words.length = length;
  words.spaces = spaces;
  words.beforeSpace = beforeSpace;
  return exact;
}

/** Spreads 32 bits over 32 bits (the finalizer of MurmurHash3, public domain). */
export function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

let kindTable: Int32Array | undefined;

/** Every UTF-16 unit in order: to search it for a class is far faster than to ask for the class of each. */
function allUnits(): string {
  const parts: string[] = [];
  for (let from = 0; from < 65536; from += 4096)
    parts.push(String.fromCharCode(...Array.from({ length: 4096 }, (_, i) => from + i)));
  return parts.join('');
}

/** For every UTF-16 unit its kind. */
function readKinds(): Int32Array {
  const kinds = new Int32Array(65536).fill(PUNCTUATION);
  const units = allUnits();
  const mark = (pattern: RegExp, kind: number): void => {
    for (const { 0: run, index } of units.matchAll(pattern)) kinds.fill(kind, index, index + run.length);
  };
  mark(/[\p{S}%&*\-/@#]+/gu, ALONE);
  kinds[0x60] = PUNCTUATION;
  for (const { 0: run, index } of units.matchAll(/[\p{L}\p{M}\p{N}_]+/gu))
    for (let i = 0; i < run.length; i++) {
      const lower = run[i]!.toLowerCase();
      kinds[index + i] = IN_WORD | (lower.length === 1 ? lower.charCodeAt(0) : index + i);
    }
  mark(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu,
    ALONE,
  );
  // Halves of the pairs that characters beyond the first 65,536 are made of.
  kinds.fill(ALONE, 0xd800, 0xe000);
  mark(/\s+/g, SPACE);
  return kinds;
}
