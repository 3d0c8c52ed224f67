/** The tokenizer of a model as llama.cpp has it. */
import type { Subject } from '../evaluation/subject';
import { asRecord } from '../dataset/shape';
import { readGguf, type GgufValue } from '../training/weights/gguf';
import { preTokenizerName } from '../training/weights/gguf-pre-tokenizers';
import { BYTE, CONTROL, NORMAL, UNKNOWN, UNUSED, USER_DEFINED } from '../training/weights/gguf-tokenizer-source';
import type { GgufEntry } from './gguf-file';
import { unsupported } from './gguf-metadata';
import { trainedTemplateText } from './template-text';

/** With the chat template of the training, and its end of turn as one of the tokens that end an answer. */
export function tokenizerEntries(subject: Pick<Subject, 'model' | 'checked'>): GgufEntry[] {
  const { checked } = subject;
  const entries = ownEntries(subject);
  const tokens = entries.find(([key]) => key === 'tokenizer.ggml.tokens')?.[2];
  requireDistinct(Array.isArray(tokens) ? (tokens as readonly string[]) : []);
  const { endOfTurn } = checked.template;
  const eot = endOfTurn === undefined ? undefined : checked.tokenizer.tokenId(endOfTurn);
  // Where none is named, llama.cpp takes a token of the text for the end of it.
  const ends = entries.some(([key]) => key === EOS) ? [EOT] : [EOS, EOT];
  return [
    ...entries.filter(([key]) => !key.startsWith('tokenizer.chat_template') && key !== EOT),
    ...(eot === undefined ? [] : ends.map((key): GgufEntry => [key, 'uint32', eot])),
    ['tokenizer.chat_template', 'string', trainedTemplateText(subject)],
  ];
}

const EOS = 'tokenizer.ggml.eos_token_id';
const EOT = 'tokenizer.ggml.eot_token_id';

/** A large vocabulary takes seconds, and is asked for whenever it is asked whether a model can be written. */
const known = new WeakMap<Subject['model'], readonly GgufEntry[]>();

function ownEntries(subject: Pick<Subject, 'model' | 'checked'>): readonly GgufEntry[] {
  const { model } = subject;
  const entries = known.get(model) ?? (model.kind === 'gguf' ? copiedEntries(model.path) : writtenEntries(subject));
  known.set(model, entries);
  return entries;
}

/** llama.cpp ends the process when two tokens have the same text. */
function requireDistinct(tokens: readonly string[]): void {
  const seen = new Set<string>();
  for (const token of tokens) {
    if (seen.has(token)) throw unsupported(`two tokens of its vocabulary are both ${JSON.stringify(token)}`);
    // llama.cpp gives a name to a token without text.
    if (token !== '') seen.add(token);
  }
}

function copiedEntries(path: string): GgufEntry[] {
  return [...readGguf(path).metadata].flatMap(([key, value]) =>
    key.startsWith('tokenizer.') ? copiedEntry(key, value) : [],
  );
}

/** Lists of numbers are scores, or ids and types; others belong to kinds of tokenizers that are not read. */
function copiedEntry(key: string, value: GgufValue): GgufEntry[] {
  if (typeof value === 'boolean') return [[key, 'bool', value]];
  if (typeof value === 'string') return [[key, 'string', value]];
  if (typeof value === 'number') return [[key, Number.isInteger(value) && value >= 0 ? 'uint32' : 'int32', value]];
  if (value.every((item) => typeof item === 'string')) return [[key, 'string', value]];
  if (!value.every((item) => typeof item === 'number')) return [];
  return [[key, key === 'tokenizer.ggml.scores' ? 'float32' : 'int32', value]];
}

function writtenEntries({ model, checked: { config, tokenizer } }: Pick<Subject, 'model' | 'checked'>): GgufEntry[] {
  const bpe = asRecord(model.tokenizerJson['model']);
  const merges = mergesOf(bpe);
  const vocabulary = asRecord(bpe?.['vocab']);
  if (!merges || !vocabulary) throw unsupported(`its tokenizer is of the kind ${String(bpe?.['type'])}, not BPE`);
  const { tokens, types } = tokensOf(model, config.vocabulary, (id) => tokenizer.tokenText(id));
  const id = (name: string, token: { readonly id: number } | undefined): GgufEntry[] =>
    token ? [[`tokenizer.ggml.${name}_token_id`, 'uint32', token.id]] : [];
  const pre = preTokenizerName({
    normalizer: model.tokenizerJson['normalizer'],
    preTokenizer: model.tokenizerJson['pre_tokenizer'],
    ignoreMerges: bpe?.['ignore_merges'] === true,
  });
  const { bos } = tokenizer;
  const unknown = typeof bpe?.['unk_token'] === 'string' ? tokenizer.tokenId(bpe['unk_token']) : undefined;
  return [
    ['tokenizer.ggml.model', 'string', pre === undefined ? 'llama' : 'gpt2'],
    ['tokenizer.ggml.pre', 'string', pre ?? 'default'],
    ['tokenizer.ggml.tokens', 'string', tokens],
    ['tokenizer.ggml.token_type', 'int32', types],
    ...(pre === undefined
      ? sentencePiece(model.tokenizerJson, tokens, types, merges)
      : [['tokenizer.ggml.merges', 'string', merges.map((pair) => pair.join(' '))] satisfies GgufEntry]),
    ...id('bos', bos),
    ...id('eos', tokenizer.eos),
    ...id('padding', tokenizer.pad),
    ...id('unknown', unknown === undefined ? undefined : { id: unknown }),
    ['tokenizer.ggml.add_bos_token', 'bool', bos !== undefined && tokenizer.prefix.includes(bos.id)],
    [
      'tokenizer.ggml.add_eos_token',
      'bool',
      tokenizer.eos !== undefined && tokenizer.suffix.includes(tokenizer.eos.id),
    ],
  ];
}

type Merge = readonly [string, string];

/** Older files write a pair as one text. */
function mergesOf(model: Readonly<Record<string, unknown>> | undefined): Merge[] | undefined {
  const merges = model?.['merges'];
  if (!Array.isArray(merges)) return undefined;
  return merges.map((merge: unknown): Merge => {
    const [left, right] = Array.isArray(merge) ? (merge as unknown[]) : String(merge).split(' ');
    return [String(left), String(right)];
  });
}

/** One for each row of the embedding; rows without a token are filled up as llama.cpp's converter does it. */
function tokensOf(
  { tokenizerJson }: Subject['model'],
  rows: number,
  textOf: (id: number) => string | undefined,
): { tokens: string[]; types: number[] } {
  const model = asRecord(tokenizerJson['model']);
  const added = new Map<unknown, boolean>();
  const list = tokenizerJson['added_tokens'];
  for (const token of Array.isArray(list) ? list.map(asRecord) : [])
    added.set(token?.['id'], token?.['special'] === true);
  const texts = Array.from({ length: rows }, (_, id) => textOf(id));
  const known = new Set(texts);
  const padding = (id: number): string => {
    const name = `[PAD${id}]`;
    return known.has(name) ? `[PAD${id}_]` : name;
  };
  const typeOf = (text: string, id: number): number => {
    if (text === model?.['unk_token']) return UNKNOWN;
    const special = added.get(id);
    if (special !== undefined) return special ? CONTROL : USER_DEFINED;
    return model?.['byte_fallback'] === true && /^<0x[0-9A-F]{2}>$/.test(text) ? BYTE : NORMAL;
  };
  const types = texts.map((text, id) => (text === undefined ? UNUSED : typeOf(text, id)));
  // Tokens of the user are found in the text as it is.
  const tokens = texts.map((text, id) =>
    text === undefined ? padding(id) : types[id] === USER_DEFINED ? text.replaceAll('▁', ' ') : text,
  );
  return { tokens, types };
}

/** SentencePiece joins what gives the token of the best score; so the score is the place in the list of merges. */
function sentencePiece(
  json: Readonly<Record<string, unknown>>,
  tokens: readonly string[],
  types: readonly number[],
  merges: readonly Merge[],
): GgufEntry[] {
  const normalizer = JSON.stringify(json['normalizer'] ?? null);
  const metaspace = JSON.stringify(json['pre_tokenizer'] ?? null);
  if (!normalizer.includes('▁') && !metaspace.includes('Metaspace'))
    throw unsupported('its tokenizer cuts texts in a way that llama.cpp has no name for');
  const prefix = normalizer.includes('"Prepend"') || /"prepend_scheme":"(always|first)"/.test(metaspace);
  requireAllMerges(tokens, types, merges);
  const ranks = new Map<string, number>();
  merges.forEach(([left, right], rank) => {
    if (!ranks.has(left + right)) ranks.set(left + right, rank);
  });
  const scores = tokens.map((token, id) => (types[id] === NORMAL ? -(ranks.get(token) ?? merges.length) : 0));
  return [
    ['tokenizer.ggml.scores', 'float32', scores],
    ['tokenizer.ggml.add_space_prefix', 'bool', prefix],
  ];
}

/** SentencePiece joins any two pieces that are a token together, BPE only those of its list: there must be no more. */
function requireAllMerges(tokens: readonly string[], types: readonly number[], merges: readonly Merge[]): void {
  const normal = new Set(tokens.filter((_, id) => types[id] === NORMAL));
  const listed = new Set<string>();
  for (const [left, right] of merges)
    if (normal.has(left) && normal.has(right) && normal.has(left + right)) listed.add(`${left} ${right}`);
  let joined = 0;
  for (const token of normal)
    for (let at = 1; at < token.length; at++)
      if (normal.has(token.slice(0, at)) && normal.has(token.slice(at))) joined++;
  if (joined > listed.size) throw unsupported('its tokenizer joins pieces by rules that llama.cpp does not have');
}
