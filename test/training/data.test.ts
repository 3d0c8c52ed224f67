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

function settingsFor(text: string, format = 'auto'): Settings {
  const path = join(folder, 'data.jsonl');
  writeFileSync(path, text);
  const parsed = parseSettings({ model: 'm', train_file: path, format, validation_split: 0 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}
const load = (text: string, format?: string) => loadData(settingsFor(text, format), base, () => undefined);

const kto = (label: boolean): object => ({ prompt: 'Name a colour. ', completion: 'Green, for example.', label });

describe('data of a run', () => {
  it('refuses preference pairs before it reads them', () => {
    const pairs = `${jsonl({ prompt: 'Hi', chosen: 'Hello!', rejected: 'No.' })}this is no record\n`;
    for (const format of ['auto', 'preference'])
      expect(() => load(pairs, format)).toThrow('preference pairs, which are trained with DPO');
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
