import type { Tokenizer } from '../tokenizer';
import { BYTE_TO_CHAR, utf8Decode, utf8Encode } from '../unicode';
import { createSplitter } from './added-tokens';
import { rankReader } from './bpe';
import { createEncoder } from './encoder';
import { RankMerges } from './rank-merges';
import { WordTable } from './word-table';
import { unicodeSpaces } from './words';

/** A vocabulary of OpenAI's kind: tokens in order of their ids, which is the order in which they are merged. */
export interface RankedVocabulary {
  /** The bytes of all tokens, one after the other, and where each begins; one more entry for the end. */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** Cuts text into words. */
  readonly pattern: RegExp;
  readonly special: Readonly<Record<string, number>>;
  readonly eos: string;
}

/** Tokenizer of such a vocabulary; there is no `tokenizer.json` of it. */
export function createRankedTokenizer({ bytes, starts, pattern, special, eos }: RankedVocabulary): Tokenizer {
  const merges = new RankMerges(bytes, starts);
  const added = Object.entries(special).map(([text, id]) => ({
    id,
    text,
    special: true,
    normalized: false,
    stripLeft: false,
    stripRight: false,
    singleWord: false,
  }));
  const byId = new Map(added.map(({ id, text }) => [id, text]));
  const bytesOf = (id: number): ArrayLike<number> =>
    id < starts.length - 1 ? bytes.subarray(starts[id]!, starts[id + 1]!) : utf8Encode(byId.get(id) ?? '');
  const end = { id: special[eos]!, text: eos };
  return {
    encode: createEncoder({
      splitRaw: createSplitter(added, (token) => token.text),
      splitNormalized: createSplitter([], (token) => token.text),
      normalize: undefined,
      words: { pattern: unicodeSpaces(pattern) },
      placed: true,
      table: new WordTable(rankReader(merges)),
    }),
    decode: (ids, options) => {
      const all: number[] = [];
      for (const id of ids)
        if (!(options?.skipSpecialTokens && byId.has(id))) for (const byte of Array.from(bytesOf(id))) all.push(byte);
      return utf8Decode(all);
    },
    tokenId: (token) => {
      if (Object.hasOwn(special, token)) return special[token];
      const encoded = Uint8Array.from(utf8Encode(token));
      const id = merges.find(encoded, encoded.length);
      return id < 0 ? undefined : id;
    },
    // In the alphabet of byte-level vocabularies, so that tokens that are no whole characters have a text, too.
    tokenText: (id) =>
      byId.get(id) ??
      (id < starts.length - 1 ? Array.from(bytesOf(id), (byte) => BYTE_TO_CHAR[byte]!).join('') : undefined),
    vocabularySize: 1 + Math.max(starts.length - 2, ...byId.keys()),
    bos: undefined,
    eos: end,
    pad: undefined,
    prefix: [],
    suffix: [],
    specialTokens: added.map((token) => token.text),
  };
}
