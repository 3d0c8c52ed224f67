import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { Template } from '@huggingface/jinja';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { byteCharacters, learnMerges } from '../../../scripts/sample/bpe';
import { dialogue } from '../../../scripts/sample/dialogues';
import { CHAT_TEMPLATE, trainTokenizer } from '../../../scripts/sample/tokenizer';

describe('learnMerges', () => {
  it('merges the most frequent pair first, of equals the first in order', () => {
    const { merges, tokens } = learnMerges(['hug '.repeat(10), 'pug '.repeat(5), 'hugs '.repeat(5)], /\S+/g, 260, [
      '<s>',
    ]);
    expect(merges).toEqual([
      ['u', 'g'],
      ['h', 'ug'],
      ['hug', 's'],
    ]);
    expect(tokens[0]).toBe('<s>');
    expect(tokens.slice(257)).toEqual(['ug', 'hug', 'hugs']);
  });

  it('writes bytes as GPT-2 does', () => {
    const characters = byteCharacters();
    expect(new Set(characters).size).toBe(256);
    expect([characters[0], characters[10], characters[32], characters[65], characters[173]]).toEqual([
      'Ā',
      'Ċ',
      'Ġ',
      'A',
      'Ń',
    ]);
  });
});

describe('trainTokenizer', () => {
  let folder = '';
  let tokenizer: Tokenizer;
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Record<string, unknown>;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'sample-tokenizer-'));
    const random = createRandom(1, 100);
    const lines = Array.from({ length: 2500 }, () => `${JSON.stringify(dialogue(random))}\n`);
    writeFileSync(path.join(folder, 'corpus.jsonl'), lines.join(''));
    await trainTokenizer(path.join(folder, 'corpus.jsonl'), folder);
    tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps digits apart and turns any text back into itself', () => {
    expect(tokenizer.encode('order 48213').tokens.slice(-5)).toEqual(['4', '8', '2', '1', '3']);
    for (const text of ["It's 5 o'clock.\n\n  Größe: 10 €", '日本語 🙂', 'Dear support team, I ordered a kettle.'])
      expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
  });

  it('has one token for each mark of a turn', () => {
    const text = new Template(CHAT_TEMPLATE).render({
      messages: [{ role: 'user', content: 'Hi' }],
      add_generation_prompt: true,
    });
    expect(text).toBe('<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n');
    const { ids } = tokenizer.encode(text);
    expect(ids.filter((id) => id < 3)).toEqual([1, 2, 1]);
    expect(Object.keys((read('tokenizer.json')['model'] as { vocab: object }).vocab)).toHaveLength(1024);
  });
});
