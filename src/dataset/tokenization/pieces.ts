import { BYTE_TO_CHAR, utf8Encode, utf8Length } from '../unicode';
import type { WordReader } from './word-table';

/** What is needed of the library's vocabulary model. */
export interface VocabularyModel {
  (words: string[]): string[];
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token_id?: number;
  readonly unk_token?: string;
  readonly end_of_word_suffix?: string;
}

/**
 * Reads words through the library's vocabulary model: for the kinds that are not read here, and for words with unknown
 * characters. Without known ranges every token has the range of the word.
 */
export function modelReader(model: () => VocabularyModel, byteLevel: boolean): WordReader {
  return (text, from, to, out) => {
    const key = text.slice(from, to);
    const opened = model();
    const tokens = opened([byteLevel ? toAlphabet(key) : key]);
    const known = tokens.filter((token) => opened.tokens_to_ids.has(token) || opened.unk_token_id !== undefined);
    const { starts, ends, exact } = ranges(key, known, byteLevel, opened);
    known.forEach((token, i) =>
      out.push(opened.tokens_to_ids.get(token) ?? opened.unk_token_id!, starts[i]!, ends[i]!),
    );
    return exact;
  };
}

function toAlphabet(text: string): string {
  let out = '';
  for (const byte of utf8Encode(text)) out += BYTE_TO_CHAR[byte]!;
  return out;
}

/** Compares lengths in bytes: what a token stands for, against the UTF-8 of the word. */
function ranges(
  key: string,
  tokens: readonly string[],
  byteLevel: boolean,
  model: VocabularyModel,
): { readonly starts: readonly number[]; readonly ends: readonly number[]; readonly exact: boolean } {
  // Byte → the character it is part of.
  const charOf: number[] = [];
  let at = 0;
  for (const char of key) {
    for (let i = utf8Length(char.codePointAt(0)!); i > 0; i--) charOf.push(at);
    at += char.length;
  }
  charOf.push(at);
  const sizes = tokens.map((token) => byteSize(token, byteLevel, model));
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const unknown = sizes.filter((size) => size === undefined).length;
  const bytes = charOf.length - 1;
  if (unknown > 1 || (unknown === 0 ? total !== bytes : total > bytes)) {
    return { starts: tokens.map(() => 0), ends: tokens.map(() => key.length), exact: tokens.length <= 1 };
  }
  const starts: number[] = [];
  const ends: number[] = [];
  let byte = 0;
  for (const size of sizes) {
    const next = byte + (size ?? bytes - total);
    starts.push(charOf[byte]!);
    // A character of several tokens belongs to each of them.
    const last = charOf[Math.max(byte, next - 1)]!;
    ends.push(next > byte ? last + (key.codePointAt(last)! > 0xffff ? 2 : 1) : last);
    byte = next;
  }
  return { starts, ends, exact: true };
}

/** Bytes that a token stands for; `undefined` for the unknown token. */
function byteSize(token: string, byteLevel: boolean, model: VocabularyModel): number | undefined {
  if (byteLevel) return token === model.unk_token ? undefined : token.length;
  if (token === model.unk_token) return undefined;
  if (/^<0x[0-9A-F]{2}>$/.test(token)) return 1;
  let text = token;
  if (text.startsWith('##')) text = text.slice(2);
  if (model.end_of_word_suffix && text.endsWith(model.end_of_word_suffix))
    text = text.slice(0, -model.end_of_word_suffix.length);
  return utf8Encode(text).length;
}
