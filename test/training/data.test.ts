import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTemplate } from '../../src/dataset/template';
import { loadData } from '../../src/training/data';
import { parseSettings, type Settings } from '../../src/training/settings';
import { tokenizerOf } from '../dataset/dump';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'fine-tune-data-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const base = { tokenizer: tokenizerOf('llama3'), template: createTemplate({ source: 'chatml' }) };
const jsonl = (...records: readonly unknown[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join('');

function settingsFor(text: string, format = 'auto', more: object = {}): Settings {
  const path = join(folder, 'data.jsonl');
  writeFileSync(path, text);
  const parsed = parseSettings({ model: 'm', train_file: path, format, validation_split: 0, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}
const load = (text: string, format?: string, more?: object) =>
  loadData(settingsFor(text, format, more), base, () => undefined);

const kto = (label: boolean): object => ({ prompt: 'Name a colour. ', completion: 'Green, for example.', label });

describe('data of a run', () => {
  it('refuses preference pairs before it reads them, where the objective is another', () => {
    const pairs = `${jsonl({ prompt: 'Hi', chosen: 'Hello!', rejected: 'No.' })}this is no record\n`;
    for (const format of ['auto', 'preference'])
      expect(() => load(pairs, format)).toThrow('holds preference pairs, and objective is supervised');
  });
  it('trains good answers and counts the others', () => {
    const { train, files, facts } = load(jsonl(kto(true), kto(false), kto(true), kto(false), kto(false)));
    expect(train.map(({ line }) => line)).toEqual([1, 3]);
    expect(facts).toMatchObject({ format: 'unpaired-preference', left_out: 3 });
    expect(files.map(({ leftOut }) => leftOut)).toEqual([3]);
    expect(() => load(jsonl(kto(false)))).toThrow('none of the 1 records is meant to be trained');
  });
  it('sets records without labels apart, and refuses other errors', () => {
    const turn = (weight: number): object => ({
      messages: [
        { role: 'user', content: 'Name a colour.' },
        { role: 'assistant', content: 'Green, for example.', weight },
      ],
    });
    const { train, files } = load(jsonl(turn(1), turn(0), turn(1)));
    expect(train.map(({ line }) => line)).toEqual([1, 3]);
    expect(files[0]!.masked.map(({ line }) => line)).toEqual([2]);
    expect(files[0]!.totals).toMatchObject({ examples: 3, untrainableExamples: 1 });
    expect(files[0]!.sample.map(({ line, example }) => [line, example.kind])).toEqual([
      [1, 'conversation'],
      [3, 'conversation'],
    ]);
    expect(() => load(jsonl(turn(1), { messages: [] }))).toThrow('(empty-messages)');
  });
  it('trains ShareGPT', () => {
    const conversations = [
      { from: 'human', value: 'Name a colour.' },
      { from: 'gpt', value: 'Green, for example.' },
    ];
    const { train, facts } = load(jsonl({ conversations }));
    const messages = [
      { role: 'user', content: 'Name a colour.' },
      { role: 'assistant', content: 'Green, for example.' },
    ];
    expect(facts).toMatchObject({ format: 'sharegpt' });
    expect(train).toEqual(load(jsonl({ messages })).train);
  });
});

describe('preference data', () => {
  const dpo = { objective: 'dpo' };
  const pair = (chosen: string, rejected: string): object => ({
    prompt: [{ role: 'user', content: 'Name a colour.' }],
    chosen: [{ role: 'assistant', content: chosen }],
    rejected: [{ role: 'assistant', content: rejected }],
  });
  const textOf = (tokens: Int32Array): string => base.tokenizer.decode([...tokens]);
  const trainedText = (side: { tokens: Int32Array; trained: Uint8Array }): string =>
    textOf(side.tokens.filter((_, i) => side.trained[i] === 1));

  it('is both answers behind the prompt, each trained with its end of turn', () => {
    const { train, facts } = load(jsonl(pair('Green.', 'No idea, sorry.')), 'auto', dpo);
    const [{ rejected, ...chosen } = train[0]!] = train;
    expect(textOf(chosen.tokens)).toBe(
      '<|begin_of_text|><|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\nGreen.<|im_end|>\n',
    );
    expect(textOf(rejected!.tokens)).toBe(
      '<|begin_of_text|><|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\nNo idea, sorry.<|im_end|>\n',
    );
    expect([chosen, rejected!].map(trainedText)).toEqual(['Green.<|im_end|>', 'No idea, sorry.<|im_end|>']);
    const tokens = chosen.tokens.length + rejected!.tokens.length;
    expect(facts).toMatchObject({ format: 'preference', train: { examples: 1, tokens, cutExamples: 0 } });
  });

  it('is plain text where the record is: TRL adds the end of text, too', () => {
    const { train } = load(jsonl({ prompt: 'Sky is', chosen: ' blue.', rejected: ' a cat.' }), 'auto', dpo);
    const eos = base.tokenizer.eos!.text;
    expect([train[0]!, train[0]!.rejected!].map(trainedText)).toEqual([` blue.${eos}`, ` a cat.${eos}`]);
  });

  it('counts what the cut loses on both sides, and leaves out what has nothing to prefer', () => {
    const long = 'one two three four five six seven eight nine ten '.repeat(20);
    const records = [pair('Green.', 'Red.'), pair('Green.', long), pair(`${long}A`, `${long}B`), pair(' ', 'Red.')];
    const { train, files } = load(jsonl(...records.slice(0, 3)), 'auto', { ...dpo, max_length: 90 });
    expect(train.map(({ line }) => line)).toEqual([1, 2]);
    expect(files[0]!.undecided.map(({ line }) => line)).toEqual([3]);
    expect(files[0]!.totals.cutExamples).toBe(2);
    expect(files[0]!.totals.lostTrainedTokens).toBeGreaterThan(400);
    const short = load(jsonl(...records.slice(0, 3)), 'auto', { ...dpo, max_length: 8 });
    expect(short.files[0]!.masked).toHaveLength(3);
    expect(() => load(jsonl(records[3]), 'auto', dpo)).toThrow('(invalid-preference)');
  });

  it('is what objective dpo asks for, and nothing else', () => {
    const chat = { messages: [{ role: 'user', content: 'Hi there' }] };
    expect(() => load(`\n${jsonl(chat)}`, 'auto', dpo)).toThrow(/data\.jsonl:2 The records are of the format "chat"/);
    expect(() => settingsFor('', 'auto', { ...dpo, packing: true })).toThrow('packing');
  });
});
