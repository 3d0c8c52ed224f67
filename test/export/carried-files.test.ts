import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Conversation, Message } from '../../src/dataset/conversation';
import { createTemplate } from '../../src/dataset/template';
import { ALPACA } from '../../src/dataset/templates/alpaca';
import { CHATML } from '../../src/dataset/templates/chatml';
import { type EvaluationReport, REPORT_VERSION } from '../../src/evaluation/report';
import { openSubjects } from '../../src/evaluation/subject';
import { modelFiles, tokenizerFiles } from '../../src/export/carried-files';
import { licenceFiles, licenceOf } from '../../src/export/licence';
import { modelCard } from '../../src/export/model-card';
import { trainedTemplateText } from '../../src/export/template-text';
import { parseSettings, resolveDefaults } from '../../src/training/settings';

const SAMPLE = join(__dirname, '..', '..', 'media', 'sample', 'base');
const LLAMA = join(__dirname, '..', 'training', 'weights', 'oracles', 'llama.gguf');
const root = mkdtempSync(join(tmpdir(), 'carried-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const content = (files: readonly { name: string; content: string }[], name: string): unknown =>
  JSON.parse(files.find((file) => file.name === name)!.content);

describe('the trained template as Jinja', () => {
  const message = (role: Message['role'], text: string): Message => ({
    role,
    content: text,
    trained: role === 'assistant',
  });
  const turns = [
    message('user', 'Ask\n'),
    message('assistant', "It's so"),
    message('user', 'More'),
    message('assistant', 'Yes'),
  ];

  it.each([
    ['one question', turns.slice(0, 2)],
    ['two questions', turns],
    ['a system message', [message('system', 'Be kind.'), ...turns]],
  ])('of alpaca writes what was trained: %s', (_, messages) => {
    const conversation: Conversation = { kind: 'conversation', messages };
    const ours = createTemplate({ source: 'alpaca', eosToken: '</s>' });
    const theirs = createTemplate({ source: { jinja: ALPACA }, eosToken: '</s>' });
    expect(theirs.render(conversation)).toEqual(ours.render(conversation));
    const asked = messages.slice(0, -1);
    expect(theirs.renderPrompt(asked)).toBe(ours.renderPrompt(asked));
  });

  it('writes what the tokenizer put in front', () => {
    const { base } = openSubjects(LLAMA, { template: 'alpaca' });
    expect(base.checked.tokenizer.prefix).toEqual([1]);
    expect(trainedTemplateText(base)).toBe(`{{- "<s>" -}}\n${ALPACA}`);
    const text = createTemplate({ source: { jinja: trainedTemplateText(base) } }).renderPrompt(turns.slice(0, 1));
    expect(text).toMatch(/^<s>Below is an instruction/);
  });
});

describe('the files beside the weights', () => {
  it('hold the trained template in both places, and nothing else of the tokenizer changes', () => {
    const { base } = openSubjects(SAMPLE, { template: 'chatml' });
    const files = tokenizerFiles(base.model, CHATML);
    expect(files.find(({ name }) => name === 'chat_template.jinja')!.content).toBe(CHATML);
    const { chat_template: template, ...rest } = content(files, 'tokenizer_config.json') as Record<string, unknown>;
    const own = content(base.model.filesToCopy, 'tokenizer_config.json') as Record<string, unknown>;
    delete own['chat_template'];
    expect(template).toBe(CHATML);
    expect(rest).toEqual(own);
  });

  it('end an answer with the end of a turn as well', () => {
    const { base } = openSubjects(LLAMA, { template: 'chatml' });
    const files = modelFiles(base, CHATML);
    // </s> has the id 2; what ends a turn of ChatML is no token of this model.
    expect(content(files, 'generation_config.json')).toMatchObject({ bos_token_id: 1, eos_token_id: 2 });
    const template = { ...base.checked.template, endOfTurn: base.checked.tokenizer.tokenText(5) };
    const ended = modelFiles({ ...base, checked: { ...base.checked, template } }, CHATML);
    expect(content(ended, 'generation_config.json')).toMatchObject({ eos_token_id: [5, 2] });
  });
});

describe('the model card', () => {
  const folder = join(root, 'base');
  mkdirSync(folder);
  const { model } = openSubjects(SAMPLE).base;
  const base = { ...model, path: folder };
  const parsed = parseSettings({ train_file: '/data/tickets.jsonl', method: 'qlora' });
  if (!parsed.ok) throw new Error('Unusable settings.');
  const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 1, physicalCores: 1, name: 'tickets' });
  const facts = {
    base,
    settings,
    hashes: { train: 'abc' },
    trainExamples: 7,
    step: 3,
    loss: 1,
    validationLoss: Math.log(8),
  };

  it('says what to check where the licence is not known', () => {
    expect(licenceOf(base)).toBeUndefined();
    expect(modelCard(facts)).toContain('do not say its licence. Check it before you share the adapter');
    expect(modelCard(facts)).not.toMatch(/^license:/m);
    expect(licenceOf({ ...base, hub: { id: 'Qwen/Qwen3-0.6B', revision: 'main' } })?.name).toBe('Apache 2.0');
  });

  it('names the licence of the base, and its files go along', () => {
    writeFileSync(
      join(folder, 'README.md'),
      '---\nlicense: other\nlicense_name: small-licence\ntags:\n- x\n---\n# Base\n',
    );
    writeFileSync(join(folder, 'LICENSE.txt'), 'Be good.');
    writeFileSync(join(folder, 'licensed.bin'), '');
    expect(licenceOf(base)).toEqual({ name: 'small-licence', word: 'other', source: 'its model card' });
    expect(licenceFiles(base)).toEqual([{ name: 'LICENSE.txt', content: 'Be good.' }]);
    const card = modelCard(facts, 'merged', 'In F16.');
    expect(card).toMatch(/^license: other$/m);
    expect(card).toContain(
      'The base model has the licence `small-licence` (its model card). It applies to this model too.',
    );
    expect(card).toContain('trained with Fine-tune on 7 records of `tickets.jsonl`. In F16.');
    expect(card).toContain('| validation perplexity | 8.0000 |');
    expect(card).toContain('| train (sha256) | `abc` |');
    // A merged model needs no base in 4 bits.
    expect(card).not.toContain('BitsAndBytesConfig');
    expect(modelCard(facts)).toContain('BitsAndBytesConfig');
  });

  it('holds the newest evaluation', () => {
    const side = (value: number) => ({ value, interval: { low: value - 0.1, high: value + 0.1 } });
    const none = { value: null, interval: null };
    const metric = { unit: 'share', higherIsBetter: true, difference: null } as const;
    const evaluation: EvaluationReport = {
      version: REPORT_VERSION,
      name: 'e',
      created: '2026-01-02T03:04:05.000Z',
      subject: 'tickets',
      run: null,
      step: 3,
      base: { name: 'b', path: '/b', hash: 'h', adapter: null, weights: 'float32' },
      tuned: null,
      data: { path: '/data/test.jsonl', sha256: 's', format: 'chat', rows: 50, evaluated: 40 },
      generation: null,
      metrics: [
        { ...metric, id: 'exact_match', title: 'Exact match', base: side(0.25), tuned: side(0.75) },
        { ...metric, id: 'f1', title: 'F1', base: none, tuned: none },
      ],
      benchmarks: [],
      resampling: { samples: 100, seed: 1, level: 0.95 },
      seconds: 1,
      notes: [],
    };
    const card = modelCard({ ...facts, evaluation });
    expect(card).toContain('Measured 2026-01-02 on 40 of the 50 records of `test.jsonl`. In brackets: 95 % intervals.');
    expect(card).toContain('| Exact match | 0.2500 (0.1500 to 0.3500) | 0.7500 (0.6500 to 0.8500) |');
    expect(card).toContain('| F1 | – | – |');
  });
});
