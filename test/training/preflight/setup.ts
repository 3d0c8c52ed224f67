/** Runs to look at before their start: records in a folder of their own, real tokenizers and templates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Failure } from '../../../src/common/failure';
import { type ChatTemplate, createTemplate } from '../../../src/dataset/template';
import type { Tokenizer } from '../../../src/dataset/tokenizer';
import { loadData } from '../../../src/training/data';
import { type Passed, type PreflightInput, preflight } from '../../../src/training/preflight/preflight';
import { parseSettings, resolveDefaults } from '../../../src/training/settings';
import { dump, tokenizerOf } from '../../dataset/dump';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'fine-tune-preflight-'))));
afterEach(() => rmSync(folder, { recursive: true }));

export type Record_ = Readonly<Record<string, unknown>>;
export const chat = (question: string, answer: string, more: object = {}): Record_ => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer, ...more },
  ],
});
/** Different records whose answers are trained, in chat form. */
export const good = (count: number): Record_[] =>
  Array.from({ length: count }, (_, i) => chat(`What is ${i} plus one?`, `It is ${i + 1}.`));

export interface Setup {
  readonly tokenizer?: Tokenizer;
  readonly template?: ChatTemplate;
  readonly validation?: readonly Record_[];
  readonly settings?: Record_;
}

export function inputFor(records: readonly Record_[], setup: Setup = {}): PreflightInput {
  const write = (name: string, lines: readonly Record_[]): string => {
    const path = join(folder, name);
    writeFileSync(path, lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return path;
  };
  const train_file = write('train.jsonl', records);
  const validation_file = setup.validation ? write('validation.jsonl', setup.validation) : null;
  const parsed = parseSettings({ model: 'm', train_file, validation_file, max_steps: 40, ...setup.settings });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const tokenizer = setup.tokenizer ?? tokenizerOf('qwen');
  const base = { tokenizer, template: setup.template ?? own(dump.templates['chatml']!.plain, tokenizer) };
  const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 10, physicalCores: 2, name: 'run' });
  return { settings, asked: parsed.settings, base, data: loadData(parsed.settings, base, () => undefined) };
}

export function own(jinja: string, tokenizer: Tokenizer): ChatTemplate {
  return createTemplate({
    source: { jinja },
    bosToken: tokenizer.bos?.text,
    eosToken: tokenizer.eos?.text,
    specialTokens: tokenizer.specialTokens,
  });
}

/** The linter's findings about such small sets are not what is tested here. */
export const warned = ({ warnings }: Passed): string[] =>
  warnings.filter(({ code }) => code !== 'data-warnings').map(({ code, message }) => `${code}: ${message}`);
export const passing = (records: readonly Record_[], setup?: Setup): string[] =>
  warned(preflight(inputFor(records, setup)));

export function refusal(records: readonly Record_[], setup?: Setup): Failure {
  const input = inputFor(records, setup);
  try {
    preflight(input);
  } catch (error) {
    return error as Failure;
  }
  throw new Error('Nothing was refused.');
}
