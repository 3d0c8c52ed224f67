import type { GgufFile } from './gguf';
import { byteLevelPipeline } from './gguf-pre-tokenizers';
import { BYTE, NORMAL, TokenizerSource, USER_DEFINED } from './gguf-tokenizer-source';

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
  const source = new TokenizerSource(path, metadata, architecture);
  const kind = source.get('model');
  const built =
    kind === 'gpt2'
      ? byteLevelBpe(source, architecture)
      : kind === 'llama'
        ? sentencePieceBpe(source, architecture.startsWith('gemma'))
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

function byteLevelBpe(source: TokenizerSource, architecture: string): Record<string, unknown> {
  const merges = source.merges() ?? source.fail('it has no merges');
  const pre = source.get('pre');
  const name =
    typeof pre === 'string' && pre !== 'default'
      ? pre
      : architecture.startsWith('qwen')
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

function sentencePieceBpe(source: TokenizerSource, gemma: boolean): Record<string, unknown> {
  const vocab = source.vocabulary();
  // The order in which Gemma's pieces are joined is that of its vocabulary, not of the scores in its files.
  const scores = gemma ? source.tokens.map((_, id) => -id) : source.list('scores', 'number');
  const merges =
    source.merges() ?? (scores ? mergesFromScores(source, vocab, scores) : source.fail('it has no scores'));
  const prefix = (source.get('add_space_prefix') ?? !gemma) !== false;
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
  source: TokenizerSource,
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
