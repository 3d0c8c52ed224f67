import type { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { asRecord } from '../shape';
import { CHAR_TO_BYTE, utf8Decode, utf8Encode } from '../unicode';

/**
 * Decoder of a tokenizer.json. Byte-level decoding is done here; the other kinds go through the library's decoder,
 * never through its `decode`, whose clean-up of spaces before punctuation changes the text.
 */
export function createDecoder(
  library: Pick<LibraryTokenizer, 'decoder'>,
  vocabulary: readonly string[],
  config: unknown,
  specialIds: ReadonlySet<number>,
  addedIds: ReadonlySet<number>,
  suffix: string | undefined,
): (ids: Iterable<number>, options?: { readonly skipSpecialTokens?: boolean }) => string {
  const byteLevel = asRecord(config)?.['type'] === 'ByteLevel';
  return (ids, options) => {
    const kept: number[] = [];
    for (const id of ids) if (!(options?.skipSpecialTokens && specialIds.has(id))) kept.push(id);
    if (byteLevel) return decodeBytes(kept, vocabulary, addedIds);
    const tokens = kept.map((id) => vocabulary[id] ?? '');
    if (tokens.length === 0) return '';
    const text = library.decoder ? library.decoder(tokens) : tokens.join(' ');
    return suffix ? text.replaceAll(suffix, ' ').trimEnd() : text;
  };
}

function decodeBytes(ids: readonly number[], vocabulary: readonly string[], addedIds: ReadonlySet<number>): string {
  const bytes: number[] = [];
  for (const id of ids) {
    const token = vocabulary[id] ?? '';
    if (addedIds.has(id)) {
      for (const byte of utf8Encode(token)) bytes.push(byte);
      continue;
    }
    for (const char of token) {
      const byte = CHAR_TO_BYTE.get(char);
      if (byte === undefined) for (const one of utf8Encode(char)) bytes.push(one);
      else bytes.push(byte);
    }
  }
  return utf8Decode(bytes);
}
