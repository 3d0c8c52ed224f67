import { CHAR_TO_BYTE } from '../unicode';
import { mergeSymbols, PairMerges, Symbols, type Merges } from './merges';
import type { RankMerges } from './rank-merges';
import type { TokenBuffer, WordReader } from './word-table';

/** The `model` of a tokenizer.json of the kind BPE, as far as words are read with it. */
export interface BpeModel {
  readonly idOf: ReadonlyMap<string, number>;
  readonly merges: Merges;
  /** A word that is a token is read as that token, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** A character that is no token is read as its bytes. */
  readonly byteFallback: boolean;
}

/** The model, where it has nothing but what is read here; `undefined` for affixes of words. */
export function readBpeModel(
  model: Readonly<Record<string, unknown>>,
  idOf: ReadonlyMap<string, number>,
): BpeModel | undefined {
  const { type, merges: list } = model;
  if ((type !== undefined && type !== 'BPE') || !Array.isArray(list)) return undefined;
  if (model['continuing_subword_prefix'] || model['continuing_subword_suffix'] || model['end_of_word_suffix'])
    return undefined;
  const merges = new PairMerges(list.length);
  for (let rank = 0; rank < list.length; rank++) {
    const entry: unknown = list[rank];
    const [left, right] = typeof entry === 'string' ? entry.split(' ', 2) : Array.isArray(entry) ? entry : [];
    if (typeof left !== 'string' || typeof right !== 'string') return undefined;
    const leftId = idOf.get(left);
    const rightId = idOf.get(right);
    const result = idOf.get(left + right);
    if (leftId === undefined || rightId === undefined || result === undefined) return undefined;
    merges.add(leftId, rightId, rank, result);
  }
  return {
    idOf,
    merges,
    ignoreMerges: model['ignore_merges'] === true,
    byteFallback: model['byte_fallback'] === true,
  };
}

/**
 * Reads words of a byte-level vocabulary: the bytes of their UTF-8, joined by merges.
 * @param otherwise reads words that have a byte without a token of its own
 */
export function byteLevelReader({ idOf, merges, ignoreMerges }: BpeModel, otherwise: WordReader): WordReader {
  const byteIds = new Int32Array(256).fill(-1);
  const alphabet: string[] = [];
  for (const [char, byte] of CHAR_TO_BYTE) {
    byteIds[byte] = idOf.get(char) ?? -1;
    alphabet[byte] = char;
  }
  const whole = (bytes: WordBytes): number => {
    let key = '';
    for (let i = 0; i < bytes.length; i++) key += alphabet[bytes.bytes[i]!]!;
    return idOf.get(key) ?? -1;
  };
  return bytesReader(byteIds, merges, ignoreMerges ? whole : () => -1, otherwise);
}

/** Reads words by OpenAI's rule. */
export function rankReader(merges: RankMerges): WordReader {
  const byteIds = Int32Array.from({ length: 256 }, (_, byte) => merges.find(Uint8Array.of(byte), 1));
  const none: WordReader = () => false;
  return bytesReader(byteIds, merges, (word) => merges.find(word.bytes, word.length), none);
}

function bytesReader(
  byteIds: Int32Array,
  merges: Merges,
  whole: (word: WordBytes) => number,
  otherwise: WordReader,
): WordReader {
  const word = new WordBytes();
  const symbols = new Symbols();
  return (text, from, to, out) => {
    word.read(text, from, to);
    const id = whole(word);
    if (id >= 0) {
      out.push(id, 0, to - from);
      return true;
    }
    symbols.length = 0;
    for (let i = 0; i < word.length; i++) {
      const byteId = byteIds[word.bytes[i]!]!;
      if (byteId < 0) return otherwise(text, from, to, out);
      symbols.push(byteId, 1);
    }
    mergeSymbols(symbols, merges);
    word.place(symbols, out);
    return true;
  };
}

/**
 * Reads words of a vocabulary of characters (SentencePiece's kind).
 * @param otherwise reads words that have a character without a token
 */
export function characterReader(
  { idOf, merges, ignoreMerges, byteFallback }: BpeModel,
  otherwise: WordReader,
): WordReader {
  const word = new WordBytes();
  const symbols = new Symbols();
  const byteIds = Array.from({ length: 256 }, (_, byte) =>
    byteFallback ? idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`) : undefined,
  );
  const asciiIds = Array.from({ length: 128 }, (_, code) => idOf.get(String.fromCharCode(code)));
  return (text, from, to, out) => {
    const id = ignoreMerges ? idOf.get(text.slice(from, to)) : undefined;
    if (id !== undefined) {
      out.push(id, 0, to - from);
      return true;
    }
    word.read(text, from, to);
    symbols.length = 0;
    for (let at = 0; at < word.length;) {
      const size = word.sizeAt(at);
      const char = word.charAt(at);
      const charId =
        size === 1 ? asciiIds[word.bytes[at]!] : idOf.get(text.slice(from + char, from + word.charEnd(char)));
      if (charId !== undefined) symbols.push(charId, size);
      else
        for (let i = at; i < at + size; i++) {
          const byteId = byteIds[word.bytes[i]!];
          if (byteId === undefined) return otherwise(text, from, to, out);
          symbols.push(byteId, 1);
        }
      at += size;
    }
    mergeSymbols(symbols, merges);
    word.place(symbols, out);
    return true;
  };
}

/** UTF-8 of a word, and which character each byte is part of. A lone surrogate is U+FFFD. */
class WordBytes {
  bytes = new Uint8Array(256);
  length = 0;
  #chars = new Int32Array(257);
  #units = 0;
  #ascii = true;
  #text = '';
  #from = 0;

  read(text: string, from: number, to: number): void {
    const units = to - from;
    if (units * 3 > this.bytes.length) {
      this.bytes = new Uint8Array(units * 4);
      this.#chars = new Int32Array(units * 4 + 1);
    }
    this.#units = units;
    this.#text = text;
    this.#from = from;
    const { bytes } = this;
    const chars = this.#chars;
    let at = 0;
    let ascii = true;
    for (let i = 0; i < units; i++) {
      let code = text.charCodeAt(from + i);
      const first = i;
      if (code < 0x80) {
        chars[at] = i;
        bytes[at++] = code;
        continue;
      }
      ascii = false;
      const begin = at;
      if (code >= 0xd800 && code <= 0xdfff) {
        const low = code < 0xdc00 && i + 1 < units ? text.charCodeAt(from + i + 1) : 0;
        if (low >= 0xdc00 && low <= 0xdfff) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i++;
        } else code = 0xfffd;
      }
      if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6);
      else {
        if (code < 0x10000) bytes[at++] = 0xe0 | (code >> 12);
        else {
          bytes[at++] = 0xf0 | (code >> 18);
          bytes[at++] = 0x80 | ((code >> 12) & 63);
        }
        bytes[at++] = 0x80 | ((code >> 6) & 63);
      }
      bytes[at++] = 0x80 | (code & 63);
      chars.fill(first, begin, at);
    }
    chars[at] = units;
    this.length = at;
    this.#ascii = ascii;
  }

  /** Bytes of the character that begins at a byte. */
  sizeAt(at: number): number {
    const lead = this.bytes[at]!;
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  }

  /** Place (UTF-16) of the character that a byte is part of. */
  charAt(at: number): number {
    return this.#chars[at]!;
  }

  charEnd(char: number): number {
    const code = this.#text.charCodeAt(this.#from + char);
    const low =
      code >= 0xd800 && code < 0xdc00 && char + 1 < this.#units ? this.#text.charCodeAt(this.#from + char + 1) : 0;
    return char + (low >= 0xdc00 && low <= 0xdfff ? 2 : 1);
  }

  /** Writes the tokens with their ranges. A character of several tokens belongs to each of them. */
  place(symbols: Symbols, out: TokenBuffer): void {
    const { ids, sizes, length } = symbols;
    let at = 0;
    for (let i = 0; i < length; i++) {
      const next = at + sizes[i]!;
      if (this.#ascii) out.push(ids[i]!, at, next);
      else out.push(ids[i]!, this.#chars[at]!, this.charEnd(this.#chars[next - 1]!));
      at = next;
    }
  }
}
