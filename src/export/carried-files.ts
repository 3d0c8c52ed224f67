/** Text files that go with the weights of a model: tokenizer, chat template, how to generate, the terms. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseModel, TextFile } from '../training/weights/base-model';
import { readJsonObject } from '../training/weights/json-file';
import { stopTokens } from '../evaluation/generation/answer-parts';
import type { Subject } from '../evaluation/subject';
import { licenceFiles } from './licence';

/**
 * Tokenizer and chat template. The template is written twice: newer readers take `chat_template.jinja`, older ones look
 * into `tokenizer_config.json`.
 * @param template Jinja source; missing: the base's own, as its files have it
 */
export function tokenizerFiles(
  base: Pick<BaseModel, 'filesToCopy' | 'tokenizerConfig'>,
  template?: string,
): TextFile[] {
  const files = base.filesToCopy;
  if (template === undefined) return [...files];
  const found = files.find(({ name }) => name === TOKENIZER_CONFIG);
  const config = found ? (JSON.parse(found.content) as Record<string, unknown>) : base.tokenizerConfig;
  return [
    ...files.filter(({ name }) => name !== TOKENIZER_CONFIG && name !== TEMPLATE),
    { name: TOKENIZER_CONFIG, content: jsonText({ ...config, chat_template: template }) },
    { name: TEMPLATE, content: template },
  ];
}

/** All of them, for a model that stands by itself. */
export function modelFiles({ model, checked }: Pick<Subject, 'model' | 'checked'>, template: string): TextFile[] {
  return [
    ...tokenizerFiles(model, template),
    { name: GENERATION_CONFIG, content: jsonText(generationConfig(model, checked)) },
    ...licenceFiles(model),
  ];
}

/**
 * Token ids that end an answer: the end of a turn in the trained template, and those that the tokenizer and the model
 * name.
 */
function generationConfig(
  model: Pick<BaseModel, 'path' | 'kind' | 'config'>,
  { tokenizer, template }: Subject['checked'],
): Record<string, unknown> {
  const own = generationSettings(model);
  const named = [own['eos_token_id'] ?? model.config['eos_token_id']].flat();
  const ends = [...new Set([...stopTokens({ tokenizer, template }), ...named])].filter((id) => typeof id === 'number');
  const pad = tokenizer.pad?.id ?? tokenizer.eos?.id;
  return {
    ...(tokenizer.bos && { bos_token_id: tokenizer.bos.id }),
    ...(pad !== undefined && { pad_token_id: pad }),
    ...own,
    ...(ends.length > 0 && { eos_token_id: ends.length === 1 ? ends[0] : ends }),
  };
}

/** What `generation_config.json` of the model says; nothing where there is none. */
export function generationSettings({
  path,
  kind,
}: Pick<BaseModel, 'path' | 'kind'>): Readonly<Record<string, unknown>> {
  const file = join(path, GENERATION_CONFIG);
  return kind === 'huggingface' && existsSync(file) ? readJsonObject(file) : {};
}

const TOKENIZER_CONFIG = 'tokenizer_config.json';
const TEMPLATE = 'chat_template.jinja';
const GENERATION_CONFIG = 'generation_config.json';

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
