import { asRecord } from '../../dataset/shape';

/** How a byte-level vocabulary cuts text before the merges, and what else its name implies. */
export interface ByteLevelPipeline {
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  /** A piece that is a token is taken whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Whether texts begin with the BOS token where the file does not say. */
  readonly addBos: boolean;
}

/** By `tokenizer.ggml.pre`; the expressions are those of the models' own `tokenizer.json`. `undefined`: unknown name. */
export function byteLevelPipeline(pre: string): ByteLevelPipeline | undefined {
  if (LLAMA3_NAMES.includes(pre)) return { ...split(LLAMA3), ignoreMerges: true, addBos: true };
  if (pre === 'smaug-bpe' || pre === 'dbrx') return split(LLAMA3);
  if (pre === 'gpt-4o') return split(GPT4O);
  if (pre === 'tekken') return { ...split(TEKKEN), ignoreMerges: true, addBos: true };
  if (pre === 'deepseek-r1-qwen') return split(QWEN2);
  if (pre === 'qwen2' || pre === 'megrez') return { ...split(QWEN2), normalizer: { type: 'NFC' } };
  if (SINGLE_DIGIT_NAMES.includes(pre))
    return plain({
      type: 'Sequence',
      pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)],
    });
  return pre === 'gpt-2' ? plain(byteLevel(true)) : undefined;
}

/**
 * The name under which llama.cpp cuts text as a `tokenizer.json` says; `undefined` where it has none. Where several names
 * cut in the same way, the one that also agrees in the rest: llama.cpp leaves normalizers out anyway.
 */
export function preTokenizerName({ normalizer, preTokenizer, ignoreMerges }: BytePipelineParts): string | undefined {
  const wanted = cutting(preTokenizer);
  const same = NAMES.filter((name) => cutting(byteLevelPipeline(name)!.preTokenizer) === wanted);
  const agreement = (name: string): number => {
    const pipeline = byteLevelPipeline(name)!;
    const normalizes = JSON.stringify(pipeline.normalizer) === JSON.stringify(normalizer ?? null);
    return (pipeline.ignoreMerges === ignoreMerges ? 2 : 0) + (normalizes ? 1 : 0);
  };
  return same.sort((a, b) => agreement(b) - agreement(a))[0];
}

type BytePipelineParts = Pick<ByteLevelPipeline, 'normalizer' | 'preTokenizer' | 'ignoreMerges'>;

/** Without the names that mean the same as one of these. */
const NAMES = ['llama-bpe', 'smaug-bpe', 'gpt-4o', 'tekken', 'qwen2', 'deepseek-r1-qwen', 'smollm', 'gpt-2'];

/** What decides where a pre-tokenizer cuts, with its defaults, and without what decides offsets alone. */
function cutting(preTokenizer: unknown): string {
  return JSON.stringify(preTokenizer, (_, value: unknown) => {
    const part = asRecord(value);
    if (!part) return value;
    const { trim_offsets: _offsets, ...rest } = part;
    const defaults =
      part['type'] === 'ByteLevel' ? { use_regex: true } : part['type'] === 'Split' ? { invert: false } : {};
    return Object.fromEntries(Object.entries({ ...defaults, ...rest }).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

const LLAMA3_NAMES = ['llama3', 'llama-v3', 'llama-bpe', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'];
const SINGLE_DIGIT_NAMES = ['smollm', 'starcoder', 'refact'];

const TAIL = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORD = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const SYMBOLS = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`;
const LLAMA3 = String.raw`${CONTRACTIONS}|${WORD}|\p{N}{1,3}|${SYMBOLS}|${TAIL}`;
const QWEN2 = String.raw`${CONTRACTIONS}|${WORD}|\p{N}|${SYMBOLS}|${TAIL}`;
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const GPT4O = String.raw`${LEAD}${UPPER}*${LOWER}+${CONTRACTIONS}?|${LEAD}${UPPER}+${LOWER}*${CONTRACTIONS}?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${TAIL}`;
const TEKKEN = String.raw`${LEAD}${UPPER}*${LOWER}+|${LEAD}${UPPER}+${LOWER}*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${TAIL}`;

function split(expression: string): ByteLevelPipeline {
  return plain({
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false },
      byteLevel(false),
    ],
  });
}

function plain(preTokenizer: unknown): ByteLevelPipeline {
  return { normalizer: null, preTokenizer, ignoreMerges: false, addBos: false };
}

function byteLevel(useRegex: boolean): unknown {
  return { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}
