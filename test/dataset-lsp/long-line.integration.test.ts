import { describe, expect, it } from 'vitest';
import { fixText } from '../../src/dataset-lsp/fix-text';
import { lintText } from '../../src/dataset-lsp/linter';

const MB = 1_000_000;
const WORDS = 'The harbour of the old town lies in the morning sun, and a boat comes in with "fish" from the sea. ';

/** Words with numbers in them, so that no passage comes twice. */
function words(length: number): string {
  const parts: string[] = [];
  let total = 0;
  for (let i = 0; total < length; i++) {
    const part = `${i.toString(36)} ${WORDS}`;
    parts.push(part);
    total += part.length;
  }
  return parts.join('').slice(0, length);
}

describe('one line of 100 MB', () => {
  it.each([
    ['a text', () => JSON.stringify({ text: words(100 * MB) })],
    ['one word', () => JSON.stringify({ text: 'a'.repeat(100 * MB) })],
    ['spaces', () => `{"text": "Some text.",${' '.repeat(100 * MB)}"id": 1}`],
    ['escapes', () => `{"instruction": "Go on, please.", "output": "${'\\u00e9\\n\\"'.repeat(10 * MB)}"}`],
    ['colons', () => JSON.stringify({ text: '": '.repeat(25 * MB) })],
    [
      'messages',
      () =>
        JSON.stringify({
          messages: Array.from({ length: 100_000 }, (_, i) => ({
            role: i % 2 ? 'assistant' : 'user',
            content: words(950),
          })),
        }),
    ],
    ['no end', () => `{"text": "${words(100 * MB)}`],
    ['brackets', () => '['.repeat(100 * MB)],
  ])(
    '%s',
    (_, line) => {
      const text = line();
      expect(text.length).toBeGreaterThan(95 * MB);
      const started = performance.now();
      const { summary, problems } = lintText(text);
      for (const { column, endColumn } of problems) expect(endColumn).toBeGreaterThanOrEqual(column);
      expect(summary.totalExamples).toBe(1);
      const linted = performance.now();
      fixText(text);
      console.info(
        `lint ${Math.round(linted - started)} ms, fix ${Math.round(performance.now() - linted)} ms: ${problems
          .map(({ rule }) => rule)
          .slice(0, 8)
          .join(', ')}`,
      );
    },
    300_000,
  );
});
