import { describe, expect, it } from 'vitest';
import { repetitionOf } from '../../../src/dataset-lsp/text/repetition';

const words = (count: number, from = 0): string => Array.from({ length: count }, (_, i) => `word${i + from}`).join(' ');

/** Data-Juicer's word repetition ratio, written down plainly. */
function plainRatio(text: string): number {
  const list = text.toLowerCase().match(/\S+/g) ?? [];
  const grams = list.slice(9).map((_, i) => list.slice(i, i + 10).join(' '));
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0) / grams.length;
}

describe('10-grams of words', () => {
  it.each([
    `${words(60)} ${words(60)}`,
    `${words(40)} ${words(40)} ${words(100, 1000)}`,
    `${words(30, 500)} ${`${words(12)} `.repeat(9)}`,
    `${words(70)} ${words(10, 300)} ${words(70)} ${words(20, 400)}`,
  ])('are counted as Data-Juicer counts them', (text) => {
    const { repeatedGrams } = repetitionOf(text);
    if (plainRatio(text) > 0.5) expect(repeatedGrams).toBeCloseTo(plainRatio(text), 10);
    else expect(repeatedGrams).toBeLessThanOrEqual(0.5);
  });
  it('are not looked at in short texts', () => {
    expect(repetitionOf(`${words(20)} ${words(20)}`).repeatedGrams).toBe(0);
  });
  it('do not care for capitals and spaces', () => {
    const text = Array.from({ length: 30 }, (_, i) => `a${i}`).join(' ');
    expect(repetitionOf(`${text}\n\n${text.toUpperCase().replaceAll(' ', '  ')}`).repeatedGrams).toBeGreaterThan(0.5);
  });
});

describe('different words', () => {
  it('are counted in stretches', () => {
    expect(repetitionOf('a b a b a b a b a b').differentWords).toBe(0.2);
    expect(repetitionOf('one two three').differentWords).toBe(1);
    expect(repetitionOf('I do not know what you mean. '.repeat(20)).differentWords).toBeCloseTo(7 / 140, 10);
  });
});

describe('loops of characters', () => {
  it('are found wherever they are', () => {
    for (let before = 0; before < 130; before += 7) {
      const text = `${'x y z 1 2 '.repeat(20).slice(0, before)}|${'haha'.repeat(50)}. And so on.`;
      expect(repetitionOf(text).loop).toEqual({ start: before + 1, end: before + 201 });
    }
    expect(repetitionOf('我不知道你在说什么。'.repeat(20)).loop).toEqual({ start: 0, end: 200 });
  });
  it('are not lines and tables', () => {
    for (const text of ['-'.repeat(300), '| --- '.repeat(60), '=*'.repeat(200), ' '.repeat(400)])
      expect(repetitionOf(text).loop).toBeUndefined();
  });
});

it('takes a long text in good time', () => {
  const started = performance.now();
  repetitionOf('-'.repeat(1_000_000));
  repetitionOf('ab'.repeat(500_000));
  repetitionOf(words(100_000));
  expect(performance.now() - started).toBeLessThan(1500);
});
