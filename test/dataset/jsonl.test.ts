import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeAt, parseJson, parseLine, positionsOf, splitLines, type JsonNode } from '../../src/dataset/jsonl';
import { decodeText } from '../../src/dataset/encoding';

const SUITE = new URL('../../../shared/data/jsontestsuite/cases.jsonl', import.meta.url);

/** Rebuilds the value from the tree, so that ranges and structure are both checked. */
function valueOf(node: JsonNode, source: string): unknown {
  if (node.members) {
    const object: Record<string, unknown> = {};
    for (const { key, keyStart, keyEnd, value } of node.members) {
      expect(JSON.parse(source.slice(keyStart, keyEnd))).toBe(key);
      Object.defineProperty(object, key, {
        value: valueOf(value, source),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  }
  if (node.items) return node.items.map((item) => valueOf(item, source));
  return JSON.parse(source.slice(node.start, node.end));
}

describe('JSON', () => {
  it.skipIf(!existsSync(SUITE))('agrees with JSONTestSuite (../shared/data, where present)', () => {
    const cases = readFileSync(SUITE, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { name: string; base64: string });
    expect(cases.length).toBe(318);
    for (const { name, base64 } of cases) {
      const { text, problems } = decodeText(Buffer.from(base64, 'base64'));
      const parsed = parseJson(text);
      const accepted = parsed.ok && problems.length === 0;
      if (name.startsWith('y_')) expect([name, accepted]).toEqual([name, true]);
      if (name.startsWith('n_')) expect([name, accepted]).toEqual([name, false]);
      let builtIn = true;
      try {
        JSON.parse(text);
      } catch {
        builtIn = false;
      }
      expect([name, parsed.ok]).toEqual([name, builtIn]);
      if (parsed.ok) expect(JSON.stringify(valueOf(parsed.node, text))).toBe(JSON.stringify(JSON.parse(text)));
      else {
        expect(parsed.error.offset, name).toBeLessThanOrEqual(text.length);
        expect(parsed.error.end, name).toBeGreaterThanOrEqual(parsed.error.offset);
        expect(parsed.error.message, name).toMatch(/^[A-Z\\\d].*\.$/s);
      }
    }
  });

  it.each([
    ["{'a': 1}", 1, /A key|double quotes/],
    ['{"a": 1,}', 7, /comma after the last entry/],
    ['{"a": [1, 2,]}', 11, /comma after the last entry/],
    ['{"a" 1}', 5, /Expected a colon/],
    ['{"a": 1 "b": 2}', 8, /comma is missing/],
    ['{"a": None}', 6, /Write null/],
    ['{"a": NaN}', 6, /not finite/],
    ['{a: 1}', 1, /Write "a"/],
    ['{"a": "x', 8, /no closing quote/],
    ['{"a": "x\ty"}', 8, /bare tab/],
    ['{"a": "\\x"}', 7, /escape sequence/],
    ['{"a": 1} {"b": 2}', 9, /second value/],
    ['{"a": 1},', 8, /followed by a comma/],
    ['{"a": 1', 7, /ends inside the record/],
    ['{"a": 01}', 7, /comma or "}"/],
    ['{"a": 1} // note', 9, /no comments/],
    ['{“a”: 1}', 1, /typographic/],
    ['{"a": }', 6, /value is missing/],
    ['{"a": say "hi"}', 6, /double quotes, found say/],
    ['[,1]', 1, /comma too many/],
  ])('says what is wrong in %s', (source, offset, message) => {
    const parsed = parseLine(source);
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    expect(parsed.error.message).toMatch(message);
    expect(parsed.error.offset).toBe(offset);
  });

  it('survives depth that would end a recursive parser', () => {
    const deep = '['.repeat(50_000);
    expect(parseJson(deep).ok).toBe(false);
    expect(parseJson(deep + ']'.repeat(50_000)).ok).toBe(true);
  });

  it('marks duplicate keys and finds values by pointer', () => {
    const source = ' {"a/b": [1, {"~": "x"}], "c": 1, "c": 2}';
    const root = positionsOf(source)!;
    const found = nodeAt(root, '/a~1b/1/~0')!;
    expect(source.slice(found.node.start, found.node.end)).toBe('"x"');
    expect(source.slice(found.member!.keyStart, found.member!.keyEnd)).toBe('"~"');
    const c = nodeAt(root, '/c')!;
    expect(source.slice(c.node.start, c.node.end)).toBe('2');
    expect(root.members!.map((member) => member.duplicate)).toEqual([false, false, true]);
    expect(nodeAt(root, '/a~1b/2')).toBeUndefined();
    expect(nodeAt(root, '/a~1b/01')).toBeUndefined();
    expect(nodeAt(root, '/constructor')).toBeUndefined();
  });
});

describe('lines', () => {
  const cut = (text: string) => [...splitLines(text)].map(({ number, start, end }) => [number, text.slice(start, end)]);
  it('knows LF, CRLF, a byte order mark and a missing last line end', () => {
    expect(cut('')).toEqual([]);
    expect(cut('a\nb')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(cut('\uFEFFa\r\n\r\nb\r\n')).toEqual([
      [1, 'a'],
      [2, ''],
      [3, 'b'],
    ]);
    expect(cut('a\u2028b\n')).toEqual([[1, 'a\u2028b']]);
  });
});

describe('encoding', () => {
  it('decodes as TextDecoder does, and says where bytes are wrong', () => {
    const samples = ['plain', 'Grüße 日本語 🙂', '\u0000', '\uFFFF'].map((text) => Buffer.from(text));
    const wrong = [
      [0xff],
      [0xc0, 0x80],
      [0xe2, 0x82],
      [0xe2, 0x82, 0x41],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0x98],
      [0xf5, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0x80, 0x80],
      [0xe0, 0x9f, 0xbf],
      [0xc3, 0x28],
    ].map((bytes) => Buffer.from([0x61, ...bytes, 0x62]));
    for (const bytes of [...samples, ...wrong])
      expect(decodeText(bytes).text).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    for (const bytes of samples) expect(decodeText(bytes).problems).toEqual([]);
    const latin1 = Buffer.from('{"text": "ok"}\n{"text": "Gr\u00fc\u00dfe"}\n', 'latin1');
    expect(decodeText(latin1).problems).toMatchObject([
      { line: 2, column: 13, message: expect.stringContaining('0xFC') },
    ]);
  });

  it('names other encodings', () => {
    const text = '{"text": "Hello"}\n';
    const utf16 = Buffer.from(text, 'utf16le');
    expect(decodeText(Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])).problems[0]!.message).toContain('UTF-16');
    expect(decodeText(utf16).problems[0]!.message).toContain('UTF-16');
    const marked = decodeText(Buffer.from(`\uFEFF${text}`));
    expect(marked.text).toBe(text);
    expect(marked.problems[0]!.message).toContain('byte order mark');
  });
});
