import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/dataset/encoding';
import { FORMATS } from '../../src/dataset/formats';
import { fixText } from '../../src/dataset-lsp/fix-text';
import { activeRules, lintLine } from '../../src/dataset-lsp/line-lint';
import { lintText } from '../../src/dataset-lsp/linter';
import { RULES } from '../../src/dataset-lsp/rules';
import { linesOf } from './apply-fix';

const SUITE = new URL('../../../shared/data/jsontestsuite/cases.jsonl', import.meta.url);
const LINES = RULES.flatMap(({ meta }) => [...meta.examples.valid, ...meta.examples.invalid])
  .flatMap(({ text }) => text.split(/\r?\n/))
  .filter((line) => line.length > 1 && line.length < 2000);

/** Lints in every way and says whether all findings lie in the text. */
function survives(text: string): void {
  const lines = linesOf(text);
  for (const { line, column, endColumn, message, rule } of lintText(text).problems) {
    const length = lines[line - 1]?.length ?? 0;
    const about = JSON.stringify([rule, message.slice(0, 300), line, column, endColumn]);
    expect(column >= 1 && endColumn >= column && endColumn <= length + 2, about).toBe(true);
    expect(message.length, about).toBeLessThan(1000);
  }
  const rules = activeRules({});
  for (const format of FORMATS)
    for (const [i, source] of lines.entries())
      for (const { fixes } of lintLine(source, i + 1, { format, forced: true, rules, facts: true }).findings) fixes?.();
  fixText(text);
}

const INSERTED = [
  '\0',
  '\uFEFF',
  '\ud83d',
  '\udc00',
  '\\ud83d',
  '\\u0000',
  '\\',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\r',
  '\r\n',
  '\t',
  '\u2028',
  ' ',
  '\\"',
  '0',
  '-',
  'null',
  '🙂',
];
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), text: fc.constantFrom(...INSERTED) }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), count: fc.integer({ min: 1, max: 5 }) }),
);

describe('no text makes the linter fail', () => {
  it('mutated lines', () => {
    let valid = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...LINES),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (source, mutations) => {
          let text = source;
          for (const one of mutations) {
            const at = one.at % (text.length + 1);
            if (one.kind === 'cut') text = text.slice(0, at);
            else if (one.kind === 'insert') text = text.slice(0, at) + one.text + text.slice(at);
            else if (one.kind === 'remove') text = text.slice(0, at) + text.slice(at + one.count);
            else {
              const bytes = Buffer.from(text, 'utf8');
              if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << one.bit;
              text = decodeText(bytes).text;
            }
          }
          survives(text);
          if (lintText(text).summary.invalidExamples === 0) valid++;
        },
      ),
      { numRuns: 300, seed: 3 },
    );
    expect(valid).toBeGreaterThan(20);
  });

  it('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), survives), { numRuns: 100, seed: 5 });
    fc.assert(fc.property(fc.json(), survives), { numRuns: 100, seed: 6 });
  });

  it.each([
    '\0',
    '\uFEFF',
    '\r',
    '\r\n\r\n',
    '\ud800',
    '{"text": "\ud800"}',
    '\uFEFF\uFEFF{}',
    '{"__proto__": {"text": 1}}',
  ])('%j', survives);

  it.each([
    ['lists', '['.repeat(100_000)],
    ['closed lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['a field', `{"text": "Some text.", "extra": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['objects', `{"messages": ${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    [
      'arguments',
      `{"messages": [{"role": "user", "content": "Go on then."}, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": ${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}}]}]}`,
    ],
    [
      'answers',
      `{"prompt": "Go on then.", "chosen": ${'['.repeat(100_000)}${']'.repeat(100_000)}, "rejected": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ],
    [
      'tools',
      `{"messages": [{"role": "user", "content": "Go on then."}, {"role": "assistant", "content": "I will."}], "tools": [{"type": "function", "function": {"name": "f", "parameters": ${'{"properties":'.repeat(100_000)}1${'}'.repeat(100_000)}}}]}`,
    ],
  ])('100,000 levels: %s', (_, text) => {
    survives(text);
  });
});

describe.skipIf(!existsSync(SUITE))('JSONTestSuite through the linter (../shared/data, where present)', () => {
  const cases = existsSync(SUITE)
    ? readFileSync(SUITE, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { name: string; base64: string })
    : [];
  const READING = new Set(['json-syntax', 'invalid-encoding']);

  it('accepts what is JSON, refuses what is not at a place, and survives the rest', () => {
    expect(cases.length).toBe(318);
    const rules = activeRules({});
    for (const { name, base64 } of cases) {
      const { text, problems: encoding } = decodeText(Buffer.from(base64, 'base64'));
      survives(text);
      // As one line: a record over several lines is refused for that alone.
      const { findings } = lintLine(text, 1, { format: undefined, forced: false, rules });
      const refused = findings.filter(({ rule }) => READING.has(rule));
      if (name.startsWith('y_')) expect([name, refused, encoding]).toEqual([name, [], []]);
      if (!name.startsWith('n_')) continue;
      const { problems } = lintText(text, { encoding });
      const places = problems.filter(({ severity }) => severity === 'error');
      expect([name, places.length > 0]).toEqual([name, true]);
      for (const { line, column, message } of places) {
        expect(line).toBeGreaterThan(0);
        expect(column).toBeGreaterThan(0);
        expect(message).toMatch(/\.$/);
      }
    }
  });
});
