import { Failure } from '../../common/failure';
import type { GgufFile, GgufValue } from './gguf';
import { byteLevelPipeline } from './gguf-pre-tokenizers';

export interface GgufTokenizer {
  /** Meaning of `tokenizer.json`. */
  readonly tokenizerJson: Readonly<Record<string, unknown>>;
  /** Meaning of `tokenizer_config.json`. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  readonly chatTemplate: string | undefined;
}

/**
 * The tokenizer inside a GGUF file as Hugging Face would have written it. Reads the kinds `gpt2` (byte-level BPE) and
 * `llama` (SentencePiece BPE with byte fallback); anything else is the failure `gguf-tokenizer`.
 */
export function ggufTokenizer({ path, metadata }: GgufFile, architecture: string): GgufTokenizer {
  const source = new Source(path, metadata);
  const kind = source.get('model');
  const built =
    kind === 'gpt2'
      ? byteLevelBpe(source, architecture)
      : kind === 'llama'
        ? sentencePieceBpe(source)
        : source.fail(`its tokenizer is of the kind ${JSON.stringify(kind)}; gpt2 and llama are readable`);
  const template = metadata.get('tokenizer.chat_template');
  const chatTemplate = typeof template === 'string' ? template : undefined;
  const named = Object.entries(source.special).filter(([, id]) => id !== undefined);
  return {
    tokenizerJson: { version: '1.0', truncation: null, padding: null, added_tokens: source.addedTokens(), ...built },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      ...Object.fromEntries(named.map(([name, id]) => [`${name}_token`, source.tokens[id!]])),
      ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
    },
    chatTemplate,
  };
}

const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;
const BYTE = 6;

/** Checked access to the `tokenizer.ggml.*` entries. */
class Source {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly special: Readonly<Record<'bos' | 'eos' | 'unk' | 'pad', number | undefined>>;

  constructor(
    private readonly path: string,
    private readonly metadata: ReadonlyMap<string, GgufValue>,
  ) {
    this.tokens = this.list('tokens', 'string') ?? this.fail('it has no vocabulary');
    this.types = this.list('token_type', 'number') ?? this.tokens.map(() => NORMAL);
    if (this.types.length !== this.tokens.length) this.fail('the number of token types differs from that of tokens');
    const sentencePiece = this.get('model') === 'llama';
    this.special = {
      bos: this.id('bos_token_id') ?? (sentencePiece ? 1 : undefined),
      eos: this.id('eos_token_id') ?? (sentencePiece ? 2 : undefined),
      unk: this.id('unknown_token_id') ?? (sentencePiece ? 0 : undefined),
      pad: this.id('padding_token_id'),
    };
  }

  get(name: string): GgufValue | undefined {
    return this.metadata.get(`tokenizer.ggml.${name}`);
  }

  fail(what: string): never {
    throw new Failure(
      'gguf-tokenizer',
      `The tokenizer in ${this.path} cannot be used: ${what}.`,
      'Use the Hugging Face folder of the model, which has a tokenizer.json.',
      2,
    );
  }

  list(name: string, type: 'string'): readonly string[] | undefined;
  list(name: string, type: 'number'): readonly number[] | undefined;
  list(name: string, type: 'string' | 'number'): readonly GgufValue[] | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.some((item) => typeof item !== type))
      this.fail(`tokenizer.ggml.${name} is broken`);
    return value as readonly GgufValue[];
  }

  /** Padding of the vocabulary (unused tokens) is left out; of equal tokens the first counts. */
  vocabulary(): Record<string, number> {
    // Without a prototype, so that a token named "constructor" or "__proto__" is an entry like any other.
    const vocabulary: Record<string, number> = Object.create(null) as Record<string, number>;
    this.tokens.forEach((token, id) => {
      if (this.types[id] !== UNUSED && !(token in vocabulary)) vocabulary[token] = id;
    });
    return vocabulary;
  }

  /** Tokens that are found in the text before it is split. */
  addedTokens(): unknown[] {
    const special = new Set([this.special.bos, this.special.eos, this.special.unk, this.special.pad]);
    return this.tokens.flatMap((content, id) => {
      const isSpecial = this.types[id] === CONTROL || special.has(id);
      if (content === '' || (!isSpecial && this.types[id] !== USER_DEFINED)) return [];
      return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: isSpecial }];
    });
  }

  merges(): (readonly [string, string])[] | undefined {
    return this.list('merges', 'string')?.map((merge) => {
      // A merged piece may itself begin with a space, so the separator is never the first character.
      const space = merge.indexOf(' ', 1);
      if (space < 0) this.fail(`the merge ${JSON.stringify(merge)} has no space`);
      return [merge.slice(0, space), merge.slice(space + 1)];
    });
  }

  /** What is put around every text: `undefined` where nothing is. */
  template(addBos: boolean): unknown {
    const wanted = (name: string, otherwise: boolean): boolean => {
      const value = this.get(name);
      return typeof value === 'boolean' ? value : otherwise;
    };
    const bos = wanted('add_bos_token', addBos) ? this.special.bos : undefined;
    const eos = wanted('add_eos_token', false) ? this.special.eos : undefined;
    if (bos === undefined && eos === undefined) return undefined;
    const around = (sequence: 'A' | 'B', type_id: 0 | 1): unknown[] => [
      ...(bos === undefined ? [] : [{ SpecialToken: { id: this.tokens[bos], type_id } }]),
      { Sequence: { id: sequence, type_id } },
      ...(eos === undefined ? [] : [{ SpecialToken: { id: this.tokens[eos], type_id } }]),
    ];
    const special_tokens: Record<string, unknown> = {};
    for (const id of [bos, eos])
      if (id !== undefined)
        special_tokens[this.tokens[id]!] = { id: this.tokens[id], ids: [id], tokens: [this.tokens[id]] };
    return {
      type: 'TemplateProcessing',
      single: around('A', 0),
      pair: [...around('A', 0), ...around('B', 1)],
      special_tokens,
    };
  }

  private id(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    // Some converters write 2^32 - 1 for "none".
    if (typeof value !== 'number' || !Number.isInteger(value)) this.fail(`tokenizer.ggml.${name} is broken`);
    return value >= 0 && value < this.tokens.length ? value : undefined;
  }
}

function byteLevelBpe(source: Source, architecture: string): Record<string, unknown> {
  const merges = source.merges() ?? source.fail('it has no merges');
  const pre = source.get('pre');
  const name =
    typeof pre === 'string' && pre !== 'default'
      ? pre
      : architecture === 'qwen2'
        ? 'qwen2'
        : source.tokens.includes('<|begin_of_text|>')
          ? 'llama-bpe'
          : 'gpt-2';
  const pipeline = byteLevelPipeline(name) ?? source.fail(`its pre-tokenizer "${name}" is unknown`);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const template = source.template(pipeline.addBos);
  return {
    normalizer: pipeline.normalizer,
    pre_tokenizer: pipeline.preTokenizer,
    post_processor: template === undefined ? byteLevel : { type: 'Sequence', processors: [byteLevel, template] },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pipeline.ignoreMerges,
      vocab: source.vocabulary(),
      merges,
    },
  };
}

function sentencePieceBpe(source: Source): Record<string, unknown> {
  const vocab = source.vocabulary();
  const scores = source.list('scores', 'number');
  const merges =
    source.merges() ?? (scores ? mergesFromScores(source, vocab, scores) : source.fail('it has no scores'));
  const prefix = source.get('add_space_prefix') !== false;
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(prefix ? [{ type: 'Prepend', prepend: '▁' }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: source.template(true) ?? null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: source.special.unk === undefined ? null : source.tokens[source.special.unk],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: source.types.includes(BYTE),
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

/**
 * SentencePiece joins the pair whose result has the best score; as a list of merges that is: every way to split a
 * token into two tokens, best score first, longer parts first, then by ids. Same order as transformers' converter.
 */
function mergesFromScores(
  source: Source,
  vocab: Readonly<Record<string, number>>,
  scores: readonly number[],
): (readonly [string, string])[] {
  if (scores.length !== source.tokens.length) source.fail('the number of scores differs from that of tokens');
  const found: { left: string; right: string; score: number; leftLength: number; rightLength: number }[] = [];
  source.tokens.forEach((token, id) => {
    if (source.types[id] !== NORMAL && source.types[id] !== USER_DEFINED) return;
    if (vocab[token] !== id) return;
    const length = [...token].length;
    const local: typeof found = [];
    for (let at = step(token, 0), leftLength = 1; at < token.length; at += step(token, at), leftLength++) {
      const [left, right] = [token.slice(0, at), token.slice(at)];
      if (left in vocab && right in vocab)
        local.push({ left, right, score: scores[id]!, leftLength, rightLength: length - leftLength });
    }
    local.sort((a, b) => vocab[a.left]! - vocab[b.left]! || vocab[a.right]! - vocab[b.right]!);
    found.push(...local);
  });
  found.sort((a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength);
  return found.map(({ left, right }) => [left, right] as const);
}

/** UTF-16 units of the character at an index. */
function step(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
