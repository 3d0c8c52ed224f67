import { describe, expect, it } from 'vitest';
import { updateDocument } from '../../src/dataset-lsp/document';

const edit = (text: string, from: readonly [number, number], to: readonly [number, number], insert: string): string =>
  updateDocument(
    { uri: 'u', languageId: 'jsonl', version: 1, text },
    [{ range: { start: { line: from[0], character: from[1] }, end: { line: to[0], character: to[1] } }, text: insert }],
    2,
  ).text;

describe('updateDocument', () => {
  it.each([
    ['a\nb\nc', [1, 0], [1, 1], 'X', 'a\nX\nc'],
    ['a\r\nb\r\nc', [1, 0], [2, 0], '', 'a\r\nc'],
    ['a\rb', [1, 0], [1, 1], 'X', 'a\rX'],
    ['🙂b', [0, 2], [0, 3], 'X', '🙂X'],
    ['ab\ncd', [0, 99], [0, 99], 'X', 'abX\ncd'],
    ['ab', [7, 3], [9, 9], 'X', 'abX'],
    ['', [0, 0], [0, 0], 'X', 'X'],
    ['a\n', [1, 0], [1, 0], 'X', 'a\nX'],
  ] as const)('%j', (text, from, to, insert, expected) => {
    expect(edit(text, from, to, insert)).toBe(expected);
  });
  it('takes a whole new text, and several changes in order', () => {
    const document = { uri: 'u', languageId: 'jsonl', version: 1, text: 'old' };
    const at = (character: number) => ({ line: 0, character });
    expect(updateDocument(document, [{ text: 'new' }, { range: { start: at(0), end: at(1) }, text: 'N' }], 5)).toEqual({
      ...document,
      version: 5,
      text: 'New',
    });
  });
});
