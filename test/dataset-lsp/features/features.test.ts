import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { parseJson } from '../../../src/dataset/jsonl';
import { lensTitle } from '../../../src/dataset-lsp/features/code-lens';
import { compactRecord, formatRecord } from '../../../src/dataset-lsp/features/format-record';
import { contextAt } from '../../../src/dataset-lsp/features/json-context';
import { pointerAt } from '../../../src/dataset-lsp/features/record';
import { beginning, counted, percent, rounded } from '../../../src/dataset-lsp/features/words';
import { RULES } from '../../../src/dataset-lsp/rules';
import { datasetStatus } from '../../../src/workbench/dataset-words';

const LINES = RULES.flatMap(({ meta }) => [...meta.examples.valid, ...meta.examples.invalid])
  .flatMap(({ text }) => text.split('\n'))
  .filter((line) => line.trim() !== '');
const RECORDS = LINES.filter((line) => parseJson(line).ok);

/** Python's `json.dumps` writes a space behind commas and colons, other tools do not. */
function withSpaces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(withSpaces).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${withSpaces(inner)}`)
    .join(', ')}}`;
}

describe('a record over several lines', () => {
  it('is what JSON.stringify makes of it, and comes back as the line that it was', () => {
    expect(RECORDS.length).toBeGreaterThan(100);
    for (const line of RECORDS) {
      const value = JSON.parse(line) as unknown;
      const written = formatRecord(JSON.stringify(value));
      expect(written).toBe(JSON.stringify(value, undefined, 2));
      for (const style of [JSON.stringify(value), withSpaces(value)])
        expect(compactRecord(formatRecord(style), style)).toEqual({ text: style });
    }
  });
  it('keeps numbers, escapes and repeated keys as they are written', () => {
    const line = '{"a": 1.0, "a": 1e5, "b": "\\u00e9\\/", "c": [], "d": {}}';
    expect(formatRecord(line)).toBe('{\n  "a": 1.0,\n  "a": 1e5,\n  "b": "\\u00e9\\/",\n  "c": [],\n  "d": {}\n}');
    expect(compactRecord(formatRecord(line), line)).toEqual({ text: line });
  });
  it('can be broken, and says where when it shall become a line again', () => {
    expect(formatRecord('{"a": [1, 2, "x')).toBe('{\n  "a": [\n    1,\n    2,\n    "x');
    expect(compactRecord('{"a": tru}', '{}')).toMatchObject({ offset: 6 });
  });
  it('never has a line end', () => {
    expect(compactRecord('{\r\n  "a":\r\n 1\r\n}\r\n', '{"b":2,"c":3}')).toEqual({ text: '{"a":1}' });
  });
});

describe('contextAt', () => {
  const at = (marked: string) => contextAt(marked.replace('|', ''), marked.indexOf('|'));
  it.each([
    ['{|}', [], 'key', undefined],
    ['{"a|": 1}', [], 'key', undefined],
    ['{"a": |}', [], 'value', 'a'],
    ['{"a": "b|', [], 'value', 'a'],
    ['{"a": [{"b": 1}, {"c": "|"}]}', ['a', 1], 'value', 'c'],
    ['{"a": [|]}', ['a'], 'value', 0],
    ['{"a": [1, |]}', ['a'], 'value', 1],
    ['{"a": {"b": {"|', ['a', 'b'], 'key', undefined],
    ['{"a": "b"| }', [], 'nothing', 'a'],
    ['{"a" | : 1}', [], 'key', 'a'],
    ['| {"a": 1}', [], 'nothing', undefined],
  ] as const)('%s', (marked, path, expects, key) => {
    expect(at(marked)).toMatchObject({ path, expects, ...(expects === 'value' ? { key } : {}) });
  });
  it('knows the keys on both sides, also of a broken record', () => {
    expect([...at('{"a": 1, "|": 2, "b": {"c": 1}, "d": tru').keys]).toEqual(['a', '', 'b', 'd']);
    expect(at('{"x": "\\"|y"}').token).toEqual({ start: 6, end: 11 });
    expect(at('{"role|": 1}')).toMatchObject({ hasColon: true, token: { start: 1, end: 7 } });
  });
  it('never fails, and stays inside the line', () => {
    const random = createRandom(7);
    for (let i = 0; i < 3000; i++) {
      const line = LINES[random.integer(LINES.length)]!.slice(0, 300);
      const cut = random.integer(line.length);
      const text =
        random.next() < 0.5 ? line.slice(0, cut) : line.slice(0, cut) + '"]},:{['[random.integer(7)]! + line.slice(cut);
      const { token, path } = contextAt(text, random.integer(text.length + 1));
      expect(token.start).toBeGreaterThanOrEqual(0);
      expect(token.end).toBeLessThanOrEqual(Math.max(text.length, token.start));
      expect(path.every((step) => step !== undefined)).toBe(true);
    }
  });
});

it('pointerAt finds the innermost value', () => {
  const line = '{"a": [{"b/c": "text"}], "d": 1}';
  const parsed = parseJson(line);
  if (!parsed.ok) throw new Error('The line is JSON.');
  expect(pointerAt(parsed.node, line.indexOf('text'))).toBe('/a/0/b~1c');
  expect(pointerAt(parsed.node, line.indexOf('"d"'))).toBe('/d');
  expect(pointerAt(parsed.node, line.length)).toBe('');
});

describe('words', () => {
  it('count, round and shorten', () => {
    expect([counted(1, 'record'), counted(1204, 'record')]).toEqual(['1 record', '1,204 records']);
    expect([0, 999, 1000, 1499, 9949, 9950, 411_700, 999_499, 999_500, 3_140_000].map(rounded)).toEqual([
      '0',
      '999',
      '1k',
      '1.5k',
      '9.9k',
      '10k',
      '412k',
      '999k',
      '1M',
      '3.1M',
    ]);
    expect([percent(0, 0), percent(61, 100), percent(1, 1000), percent(999, 1000), percent(5, 5)]).toEqual([
      '0 %',
      '61 %',
      '1 %',
      '99 %',
      '100 %',
    ]);
    expect(beginning('  What is\n\nthis?  ', 60)).toBe('What is this?');
    expect(beginning('one two three four', 10)).toBe('one two…');
    expect(beginning(`${'x'.repeat(9)}🙂`, 10)).toBe(`${'x'.repeat(9)}…`);
  });
  it('sum up a file', () => {
    const summary = {
      uri: 'file:///a.jsonl',
      version: 1,
      state: 'ready',
      format: 'chat',
      examples: 1204,
      invalid: 2,
      errors: 2,
      warnings: 0,
      information: 3,
      suppressed: 0,
      tokens: { total: 411_700, trained: 251_137, lost: 0, estimate: false },
    } as const;
    expect(lensTitle(summary)).toBe('1,204 examples · 2 errors · 412k tokens (61 % trained)');
    expect(datasetStatus(summary)).toMatchObject({ text: '$(warning) 2 errors', warn: true });
    expect(datasetStatus({ ...summary, errors: 0, invalid: 0 }).text).toBe('$(check) 1,204 examples');
    expect(datasetStatus({ ...summary, errors: 0, state: 'checking' }).text).toBe('$(sync~spin) 1,204 examples');
    expect(datasetStatus({ ...summary, errors: 0, warnings: 4 }).text).toBe('$(check) 1,204 examples, 4 warnings');
    expect(datasetStatus(summary).detail).toContain('411,700 tokens, 251,137 of them trained');
  });
});
