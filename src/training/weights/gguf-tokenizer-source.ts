import { Failure } from '../../common/failure';
import type { GgufValue } from './gguf';

/** Types of tokens, as llama.cpp numbers them. */
export const NORMAL = 1;
export const UNKNOWN = 2;
export const CONTROL = 3;
export const USER_DEFINED = 4;
export const UNUSED = 5;
export const BYTE = 6;

/** Checked access to the `tokenizer.ggml.*` entries. */
export class TokenizerSource {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly special: Readonly<Record<'bos' | 'eos' | 'unk' | 'pad', number | undefined>>;

  constructor(
    private readonly path: string,
    private readonly metadata: ReadonlyMap<string, GgufValue>,
    private readonly architecture: string,
  ) {
    const tokens = this.list('tokens', 'string') ?? this.fail('it has no vocabulary');
    // llama.cpp's converter writes Gemma's runs of spaces as they are, the merges need SentencePiece's sign for them.
    this.tokens = architecture.startsWith('gemma')
      ? tokens.map((t) => (/^ +$/.test(t) ? '▁'.repeat(t.length) : t))
      : tokens;
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
      const rstrip = this.stripsBehind(content);
      return [{ id, content, single_word: false, lstrip: false, rstrip, normalized: false, special: isSpecial }];
    });
  }

  /** Phi-3's tokens of turns swallow the white space behind them; the file does not say so, llama.cpp knows the model. */
  private stripsBehind(token: string): boolean {
    const name = String(this.metadata.get('general.name') ?? '').toLowerCase();
    return (
      this.architecture === 'phi3' &&
      this.get('model') === 'llama' &&
      /phi[-_ ]?3/.test(name) &&
      !['<unk>', '<s>', '<|endoftext|>'].includes(token)
    );
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
