import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { Failure } from '../common/failure';
import { asRecord } from './shape';
import { type AddedToken, createSplitter, readAddedTokens } from './tokenization/added-tokens';
import { byteLevelReader, characterReader, readBpeModel, type BpeModel } from './tokenization/bpe';
import { createDecoder } from './tokenization/decoder';
import { createEncoder } from './tokenization/encoder';
import { modelReader } from './tokenization/pieces';
import { WordTable } from './tokenization/word-table';
import { createWordSplitter, type WordSplitter } from './tokenization/words';

/** Tokens of a text. `starts[i]`/`ends[i]`: UTF-16 range of token i in the text; both are empty where a token has no text. */
export interface Encoding {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** False when some part could not be mapped to the text: its tokens then carry the range of the whole part. */
  readonly aligned: boolean;
}

interface SpecialToken {
  readonly id: number;
  readonly text: string;
}

export interface Tokenizer {
  /** Tokens of the text as it stands: special tokens written in it are recognised, none are added. */
  encode(text: string): Encoding;
  /** Text of tokens, never "cleaned up"; bytes that are no UTF-8 become U+FFFD. */
  decode(ids: Iterable<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  tokenId(token: string): number | undefined;
  /** The token as the vocabulary writes it. */
  tokenText(id: number): string | undefined;
  /** One above the highest token id. The model's embedding may have more rows. */
  readonly vocabularySize: number;
  readonly bos: SpecialToken | undefined;
  readonly eos: SpecialToken | undefined;
  readonly pad: SpecialToken | undefined;
  /** Tokens that the tokenizer's own post-processor puts before and after a text (for example the BOS token). */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** Texts of the control tokens; chat templates write them. */
  readonly specialTokens: readonly string[];
}

/**
 * Tokenizer from the parsed `tokenizer.json` and `tokenizer_config.json` (or their equivalents out of a GGUF file).
 * Throws a `Failure` (code `tokenizer`) for kinds that the library does not know.
 */
export function createTokenizer(tokenizerJson: object, tokenizerConfig: object): Tokenizer {
  const json: Readonly<Record<string, unknown>> = { ...tokenizerJson };
  const config: Readonly<Record<string, unknown>> = { ...tokenizerConfig };
  const added = readAddedTokens(json['added_tokens']);
  const { library, tokens, tokenIds, bpe } = openVocabulary(json, config, added);
  const normalizer = library.normalizer;
  const normalize = normalizer ? (text: string): string => normalizer(text) : undefined;
  const inNormalized = (token: { readonly normalized: boolean }): boolean =>
    token.normalized && normalize !== undefined;

  const known = createWordSplitter(preTokenizerOf(json, normalize), uncuttable(json['model'], tokens));
  const byteLevel = known?.byteLevel ?? false;
  const otherwise = modelReader(
    once(() => (bpe ? openLibrary(json, config) : library).model!),
    byteLevel,
  );
  const encode = createEncoder({
    splitRaw: createSplitter(
      added.filter((token) => !inNormalized(token)),
      (token) => token.text,
    ),
    splitNormalized: createSplitter(added.filter(inNormalized), (token) => normalize!(token.text)),
    normalize,
    words: known?.one ?? known?.split ?? libraryWords(library),
    placed: known !== undefined,
    table: new WordTable(
      !bpe || !known ? otherwise : byteLevel ? byteLevelReader(bpe, otherwise) : characterReader(bpe, otherwise),
    ),
  });

  const tokenId = (token: string): number | undefined => tokenIds.get(token);
  const special = (key: string): SpecialToken | undefined => {
    const value = config[key];
    const text = typeof value === 'string' ? value : asRecord(value)?.['content'];
    const id = typeof text === 'string' ? tokenId(text) : undefined;
    return typeof text === 'string' && id !== undefined ? { id, text } : undefined;
  };
  const bos = special('bos_token');
  const around = postProcessed(library, tokenId);
  const specialIds = new Set(added.filter((token) => token.special).map((token) => token.id));
  const addedIds = new Set(added.map((token) => token.id));
  const suffix = library.model!.end_of_word_suffix;
  return {
    encode,
    decode: createDecoder(library, tokens, json['decoder'], specialIds, addedIds, suffix),
    tokenId,
    tokenText: (id) => tokens[id],
    vocabularySize: tokens.length,
    bos,
    eos: special('eos_token'),
    pad: special('pad_token'),
    prefix: withBos(around.prefix, bos, config['add_bos_token']),
    suffix: around.suffix,
    specialTokens: added.filter((token) => token.special).map((token) => token.text),
  };
}

/** The chat template inside a `tokenizer_config.json`: a text, or the one named "default" of a list. */
export function chatTemplateOf(tokenizerConfig: object): string | undefined {
  const value = asRecord(tokenizerConfig)?.['chat_template'];
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const named = value.map(asRecord).filter((one) => one !== undefined);
  const template = (named.find((one) => one['name'] === 'default') ?? named[0])?.['template'];
  return typeof template === 'string' ? template : undefined;
}

interface Vocabulary {
  /** With an empty vocabulary where `bpe` is there. */
  readonly library: LibraryTokenizer;
  readonly tokens: readonly string[];
  readonly tokenIds: ReadonlyMap<string, number>;
  readonly bpe: BpeModel | undefined;
}

/** The library needs half a second for a large vocabulary and reads words slowly, so BPE is done here. */
function openVocabulary(
  json: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
  added: readonly AddedToken[],
): Vocabulary {
  const model = asRecord(json['model']);
  const vocabulary = asRecord(model?.['vocab']);
  if (model && vocabulary && !Array.isArray(vocabulary) && Array.isArray(model['merges'])) {
    const tokenIds = new Map<string, number>();
    const tokens: string[] = [];
    for (const token of Object.keys(vocabulary)) {
      const id = Number(vocabulary[token]);
      tokenIds.set(token, id);
      tokens[id] = token;
    }
    const bpe = readBpeModel(model, tokenIds);
    if (bpe) {
      for (const { id, text } of added) {
        tokenIds.set(text, id);
        tokens[id] = text;
      }
      const library = openLibrary({ ...json, model: { ...model, vocab: {}, merges: [] } }, config);
      return { library, tokens, tokenIds, bpe };
    }
  }
  const library = openLibrary(json, config);
  return { library, tokens: library.model!.vocab, tokenIds: library.model!.tokens_to_ids, bpe: undefined };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function openLibrary(
  json: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): LibraryTokenizer {
  const complete = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...json };
  try {
    const library = new LibraryTokenizer({ ...complete, added_tokens: json['added_tokens'] ?? [] }, config);
    if (library.model) return library;
  } catch (error) {
    throw new Failure(
      'tokenizer',
      `The tokenizer of the model cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      'Use a model whose tokenizer.json has a model of the kind BPE, Unigram or WordPiece, and check that the file is complete.',
      2,
    );
  }
  throw new Failure(
    'tokenizer',
    'The tokenizer of the model has no vocabulary.',
    'Check that tokenizer.json is complete.',
    2,
  );
}

/**
 * Where text without a pre-tokenizer can be cut before "▁", because no merge crosses such a place: behind every
 * character but these. `undefined`: nowhere.
 */
function uncuttable(model: unknown, vocabulary: readonly string[]): string | undefined {
  const type = asRecord(model)?.['type'];
  if (type !== undefined && type !== 'BPE') return undefined;
  const characters = new Set<string>();
  let marked = false;
  for (const token of vocabulary) {
    if (!token?.includes('▁')) continue;
    marked = true;
    for (const [character] of token.matchAll(/[^▁](?=▁)/gu)) characters.add(character);
  }
  return marked && characters.size <= MOST_UNCUTTABLE ? [...characters].join('') : undefined;
}

const MOST_UNCUTTABLE = 20;

/** Gemma's pre-tokenizer splits at spaces, of which its normalizer leaves none. */
function preTokenizerOf(
  json: Readonly<Record<string, unknown>>,
  normalize: ((text: string) => string) | undefined,
): unknown {
  const config = asRecord(json['pre_tokenizer']);
  const atSpaces = config?.['type'] === 'Split' && asRecord(config['pattern'])?.['String'] === ' ';
  return atSpaces && normalize && !normalize(' x  y ').includes(' ') ? null : json['pre_tokenizer'];
}

/** Words by the library's own pre-tokenizer, which does not say where they stand. */
function libraryWords(library: LibraryTokenizer): WordSplitter {
  return (text, first) =>
    library.pre_tokenizer!(text, { section_index: first ? 0 : 1 }).map((key) => ({
      key,
      start: 0,
      end: text.length,
      added: 0,
    }));
}

function postProcessed(
  library: LibraryTokenizer,
  tokenId: (token: string) => number | undefined,
): { prefix: number[]; suffix: number[] } {
  const middle = '\u0000';
  const result: unknown = library.post_processor?.([middle], null, true);
  const tokens = asRecord(result)?.['tokens'];
  if (!Array.isArray(tokens)) return { prefix: [], suffix: [] };
  const at = tokens.indexOf(middle);
  const toIds = (part: readonly unknown[]): number[] =>
    part.flatMap((token) => (typeof token === 'string' ? (tokenId(token) ?? []) : []));
  return { prefix: toIds(tokens.slice(0, at)), suffix: toIds(tokens.slice(at + 1)) };
}

/** `add_bos_token` of tokenizer_config.json overrules the post-processor, as in transformers. */
function withBos(prefix: readonly number[], bos: SpecialToken | undefined, add: unknown): readonly number[] {
  if (!bos || typeof add !== 'boolean') return prefix;
  if (!add) return prefix.filter((id) => id !== bos.id);
  return prefix.includes(bos.id) ? prefix : [bos.id, ...prefix];
}
