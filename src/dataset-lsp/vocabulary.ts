/** How tokens are counted: with the base model's own tokenizer, or with a default vocabulary where none is named. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { Failure } from '../common/failure';
import type { EncodeOptions } from '../dataset/labels';
import { createTemplate } from '../dataset/template';
import { createRankedTokenizer } from '../dataset/tokenization/ranked';
import { createTokenizer, type Tokenizer } from '../dataset/tokenizer';
import { chooseTemplate } from '../training/choose-template';
import { SETTINGS } from '../training/settings';
import { openModelTokenizer } from '../training/weights/base-model';

let vocabulary: Tokenizer | undefined;

/**
 * Counts with OpenAI's o200k_base: near what today's models count, exact for none of them but OpenAI's. Loads once, in
 * about a tenth of a second.
 * @param choice as the setting `template`; auto is ChatML here. Throws a `Failure` where it means a model's own.
 */
export function defaultEncoding(maxLength: number, choice = 'auto'): EncodeOptions {
  if (choice === 'model')
    throw new Failure(
      'usage',
      "--template model takes the model's own template, but no model is named.",
      'Name it with --model PATH.',
      2,
    );
  vocabulary ??= readVocabulary();
  const { specialTokens, eos } = vocabulary;
  const source = choice === 'alpaca' ? 'alpaca' : 'chatml';
  const template = createTemplate({ source, eosToken: eos?.text, specialTokens });
  return { template, tokenizer: vocabulary, maxLength, estimate: true };
}

/**
 * Counts as the trainer does for this base model. Reads the tokenizer and the chat template only: the weights need not
 * be there. Throws a `Failure` (exit code 2) when there is no usable tokenizer or template.
 * @param options.template as the setting `template`
 */
export function modelEncoding(
  modelPath: string,
  options: { readonly template?: string | undefined; readonly maxLength: number },
): EncodeOptions {
  const choices = SETTINGS.template.choices;
  const choice = choices.find((one) => one === (options.template ?? SETTINGS.template.default));
  if (!choice)
    throw new Failure(
      'settings',
      `There is no template "${options.template}".`,
      `Choose among ${choices.join(', ')}.`,
      2,
    );
  const model = openModelTokenizer(modelPath);
  const tokenizer = createTokenizer(model.tokenizerJson, model.tokenizerConfig);
  return { tokenizer, template: chooseTemplate(model, choice, tokenizer), maxLength: options.maxLength };
}

// From OpenAI's tiktoken (MIT licence), as the package js-tiktoken has it.
const PATTERN =
  /[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

/** The turn marks are those of OpenAI's chat models. */
const SPECIAL = { '<|endoftext|>': 199999, '<|endofprompt|>': 200018, '<|im_start|>': 200264, '<|im_end|>': 200265 };

/** The file is made by scripts/make-vocabulary.mjs, which says what is in it. */
function readVocabulary(): Tokenizer {
  const path = ['..', '../..'].map((up) => join(__dirname, up, 'media/vocabulary/o200k_base.bin')).find(existsSync);
  if (path === undefined)
    throw new Failure(
      'vocabulary-missing',
      'The default vocabulary is missing: this installation is incomplete.',
      'Install Fine-tune again, or name a base model.',
      2,
    );
  const content = brotliDecompressSync(readFileSync(path));
  const count = content.readUInt32LE(0);
  const starts = new Uint32Array(count + 1);
  for (let id = 0; id < count; id++) starts[id + 1] = starts[id]! + content[4 + id]!;
  const bytes = new Uint8Array(content.subarray(4 + count));
  return createRankedTokenizer({ bytes, starts, pattern: PATTERN, special: SPECIAL, eos: '<|endoftext|>' });
}
