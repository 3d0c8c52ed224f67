import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultEncoding, modelEncoding } from '../../src/dataset-lsp/vocabulary';
import { encodeExample } from '../../src/dataset/labels';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
// Made by scripts/oracles/vocabulary.py.
const cases = JSON.parse(readFileSync(file('o200k.json'), 'utf8')) as { text: string; ids: number[] }[];
const conversation = {
  kind: 'conversation',
  messages: [
    { role: 'user', content: 'Where is it?', trained: false },
    { role: 'assistant', content: 'Here.', trained: true },
  ],
} as const;

describe('the default vocabulary', () => {
  const { tokenizer, template } = defaultEncoding(100);
  // These are control tokens of ours, and text to tiktoken.
  it.each(cases.filter(({ text }) => !text.includes('<|')))('reads as tiktoken does: $text', ({ text, ids }) => {
    const { ids: own, starts, ends, aligned } = tokenizer.encode(text);
    expect([...own]).toEqual(ids);
    expect(aligned).toBe(true);
    expect(tokenizer.decode(own)).toBe(text);
    expect(ends.at(-1) ?? 0).toBe(text.length);
    expect(starts.every((start, i) => start <= (i === 0 ? 0 : ends[i - 1]!))).toBe(true);
  });
  it('says that it estimates, and trains the answer with its end', () => {
    const { estimate, maxLength } = defaultEncoding(7);
    expect({ estimate, maxLength }).toEqual({ estimate: true, maxLength: 7 });
    const { tokens, trained } = encodeExample(conversation, { tokenizer, template, maxLength: 100, line: 1 });
    expect(tokenizer.decode([...tokens].filter((_, i) => trained[i] === 1))).toBe('Here.<|im_end|>');
  });
  it('takes time in proportion to a word without spaces', () => {
    const time = (length: number): number => {
      const word = Array.from({ length }, (_, i) => String.fromCharCode(97 + ((i * i * 7 + i * 13) % 26))).join('');
      const start = performance.now();
      tokenizer.encode(word);
      return performance.now() - start;
    };
    time(20_000);
    // Quadratic would be 100 times.
    expect(time(200_000)).toBeLessThan(40 * Math.max(5, time(20_000)));
  });
});

describe("a model's own vocabulary", () => {
  const sample = file('../../media/sample/base');
  it('needs the tokenizer only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vocabulary-'));
    try {
      for (const name of ['tokenizer.json', 'tokenizer_config.json']) cpSync(join(sample, name), join(folder, name));
      const own = modelEncoding(folder, { maxLength: 50 });
      expect(own.estimate).toBeUndefined();
      expect(own.template.source).toBe('model');
      expect(encodeExample(conversation, { ...own, line: 1 }).tokens.length).toBeGreaterThan(5);
      expect(modelEncoding(folder, { maxLength: 50, template: 'alpaca' }).template.source).toBe('alpaca');
      writeFileSync(join(folder, 'tokenizer.json'), '{}');
      expect(() => modelEncoding(folder, { maxLength: 50 })).toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it('names the templates that there are', () => {
    expect(() => modelEncoding(sample, { maxLength: 50, template: 'vicuna' })).toThrow(/no template "vicuna"/);
    expect(() => modelEncoding(join(sample, 'nowhere'), { maxLength: 50 })).toThrow(/no model/);
  });
});
