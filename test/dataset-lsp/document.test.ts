import { describe, expect, it } from 'vitest';
import type { Position, Range } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { createRandom } from '../../src/common/random';
import { DatasetDocument } from '../../src/dataset-lsp/document';
import { splitLines } from '../../src/dataset/jsonl';

const range = (from: readonly [number, number], to: readonly [number, number]): Range => ({
  start: { line: from[0], character: from[1] },
  end: { line: to[0], character: to[1] },
});
const open = (text: string): DatasetDocument => new DatasetDocument('u', 'jsonl', 1, text);

describe('DatasetDocument', () => {
  it.each([
    ['a\nb\nc', [1, 0], [1, 1], 'X', 'a\nX\nc'],
    ['a\r\nb\r\nc', [1, 0], [2, 0], '', 'a\r\nc'],
    ['a\rb', [1, 0], [1, 1], 'X', 'a\rX'],
    ['🙂b', [0, 2], [0, 3], 'X', '🙂X'],
    ['ab\ncd', [0, 99], [0, 99], 'X', 'abX\ncd'],
    ['a\r\nb', [0, 99], [0, 99], 'X', 'aX\r\nb'],
    ['ab', [7, 3], [9, 9], 'X', 'abX'],
    ['', [0, 0], [0, 0], 'X', 'X'],
    ['a\n', [1, 0], [1, 0], 'X', 'a\nX'],
    ['a\r', [1, 0], [1, 0], 'X', 'a\rX'],
    ['a\rb\nc', [1, 1], [2, 0], '', 'a\rbc'],
  ] as const)('%j', (text, from, to, insert, expected) => {
    const document = open(text);
    document.update([{ range: range(from, to), text: insert }], 2);
    expect(document.text).toBe(expected);
    expect(document.version).toBe(2);
  });

  it('takes a whole new text, and several changes in order', () => {
    const document = open('old');
    document.update([{ text: 'new' }, { range: range([0, 0], [0, 1]), text: 'N' }], 5);
    expect(document.text).toBe('New');
  });

  it('keeps the rows that an edit leaves as they are', () => {
    const document = open('a\nb\nc\n');
    const [a, b, c] = document.rows;
    const [change] = document.update([{ range: range([1, 0], [1, 0]), text: 'x\ny\n' }], 2);
    expect(document.rows.map((row) => row.text)).toEqual(['a', 'x', 'y', 'b', 'c', '']);
    expect([document.rows[0], document.rows[3], document.rows[4]]).toEqual([a, b, c]);
    expect(document.rows[3]).toBe(b);
    expect(document.rows.map((row) => row.index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(change).toMatchObject({ at: 1, removed: 1 });
    expect(document.has(b!)).toBe(true);
    document.update([{ range: range([3, 0], [4, 0]), text: '' }], 3);
    expect(document.has(b!)).toBe(false);
    expect(document.has(c!)).toBe(true);
  });

  it('removes rows with one line end each', () => {
    const removed = (text: string, from: number, to = from): string => {
      const document = open(text);
      document.update([{ range: document.fullRange(from, to), text: '' }], 2);
      return document.text;
    };
    expect(removed('a\nb\nc\n', 1)).toBe('a\nc\n');
    expect(removed('a\nb\nc', 2)).toBe('a\nb');
    expect(removed('a\r\nb\r\nc', 1, 2)).toBe('a');
    expect(removed('a', 0)).toBe('');
    expect(removed('a\rb\r\nc\r\n', 0)).toBe('c\r\n');
  });

  // The protocol's own implementation for whole texts is the independent source.
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['lone CR', '\r'],
    ['all of them', '*'],
  ])('equals a whole text after 400 random edits (%s)', (_name, lineEnd) => {
    const random = createRandom(lineEnd.charCodeAt(0) + lineEnd.length);
    const pick = (n: number): number => random.integer(n);
    const ends = ['\n', '\r\n', '\r'];
    const words = ['', 'a', '{"k": 1}', 'é🙂', '   ', 'long word of text'];
    const piece = (): string => {
      let text = '';
      for (let i = pick(4); i >= 0; i--)
        text += words[pick(words.length)]! + (random.next() < 0.5 ? (lineEnd === '*' ? ends[pick(3)]! : lineEnd) : '');
      return text;
    };
    let plain = TextDocument.create('u', 'jsonl', 1, piece() + piece());
    const document = open(plain.getText());
    const position = (): Position => ({ line: pick(plain.lineCount + 2), character: pick(12) });
    for (let i = 2; i < 402; i++) {
      let [start, end] = [position(), position()];
      if (start.line > end.line || (start.line === end.line && start.character > end.character))
        [start, end] = [end, start];
      if (random.next() < 0.6) end = start;
      const change = random.next() < 0.02 ? { text: piece() } : { range: { start, end }, text: piece() };
      TextDocument.update(plain, [change], i);
      // A fresh one, since its line offsets after an edit at a carriage return are wrong.
      plain = TextDocument.create('u', 'jsonl', i, plain.getText());
      document.update([change], i);
      expect(document.text).toBe(plain.getText());
      // Rows are the linter's lines, and every place in them is where the editor has it.
      const lines = [...splitLines(document.text)];
      expect(document.rows.slice(0, document.length).map((row) => row.source)).toEqual(
        lines.map((line) => plain.getText().slice(line.start, line.end)),
      );
      const line = lines[pick(lines.length)];
      if (!line) continue;
      const row = document.rows[line.number - 1]!;
      const from = pick(row.source.length + 1);
      expect(document.rangeIn(row, from, row.source.length)).toEqual({
        start: plain.positionAt(line.start + from),
        end: plain.positionAt(line.end),
      });
      const place = plain.positionAt(line.start + from);
      expect(document.locate(place)).toEqual({ index: row.index, offset: from });
    }
  });
});
