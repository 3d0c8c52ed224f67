import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ChatRecord } from './dataset';
import { STARTS } from './names';
import { learnMerges, type Vocabulary } from './bpe';

export const SPECIALS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;
export const VOCABULARY_SIZE = 1024;
const MINIMUM_COUNT = 60;

/** The pre-tokenizer of Qwen 2: letters with one leading mark, single digits, runs of marks, white space. */
export const PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

export const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * Trains a byte-level BPE on the records of a corpus file and writes `tokenizer.json`, `tokenizer_config.json` and
 * `generation_config.json` as Hugging Face reads them.
 */
export async function trainTokenizer(corpus: string, folder: string, records = 6000): Promise<void> {
  const lines = (await readFile(corpus, 'utf8')).split('\n', records).filter((line) => line !== '');
  const texts = lines.flatMap((line) => {
    const { messages } = JSON.parse(line) as ChatRecord;
    return messages.map(({ role, content }) => `${role}\n${content}\n`);
  });
  // Names are made up and mostly rare: without the minimum their endings would take half of the vocabulary. Only their
  // first syllables are worth a token.
  const syllables = STARTS.flatMap((start) => Array.from({ length: 2 * MINIMUM_COUNT }, () => ` ${start}`));
  const vocabulary = learnMerges([...texts, ...syllables], jsPattern(), VOCABULARY_SIZE, SPECIALS, MINIMUM_COUNT);
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: unknown): Promise<void> =>
    writeFile(path.join(folder, name), `${JSON.stringify(value, undefined, 1)}\n`);
  await write('tokenizer.json', tokenizerJson(vocabulary));
  await write('tokenizer_config.json', tokenizerConfig());
  await write('generation_config.json', {
    eos_token_id: SPECIALS.indexOf('<|im_end|>'),
    pad_token_id: SPECIALS.indexOf('<|endoftext|>'),
    do_sample: false,
    max_new_tokens: 128,
  });
}

/** JavaScript has no `(?i:…)` before ES2025: only English contractions need it. */
function jsPattern(): RegExp {
  return new RegExp(
    PATTERN.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"),
    'gu',
  );
}

function tokenizerJson({ tokens, merges }: Vocabulary): unknown {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map(([left, right]) => `${left} ${right}`),
    },
  };
}

function tokenizerConfig(): unknown {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_bos_token: false,
    bos_token: null,
    eos_token: '<|im_end|>',
    pad_token: '<|endoftext|>',
    unk_token: null,
    additional_special_tokens: ['<|im_start|>', '<|im_end|>'],
    clean_up_tokenization_spaces: false,
    model_max_length: 512,
    chat_template: CHAT_TEMPLATE,
  };
}
