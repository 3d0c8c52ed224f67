import type { Position, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';

/** An open document: its text as the editor has it, also when it was never saved. */
export interface Document {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
}

export function updateDocument(
  document: Document,
  changes: readonly TextDocumentContentChangeEvent[],
  version: number,
): Document {
  let { text } = document;
  for (const change of changes) {
    if (!('range' in change)) text = change.text;
    else {
      const from = offsetAt(text, change.range.start);
      const to = Math.max(from, offsetAt(text, change.range.end));
      text = text.slice(0, from) + change.text + text.slice(to);
    }
  }
  return { ...document, text, version };
}

/** Offset of a position. What lies behind the end of a line or of the text is moved to that end, as the protocol wants. */
function offsetAt(text: string, { line, character }: Position): number {
  let start = 0;
  for (let i = 0; i < line; i++) {
    const end = lineEnd(text, start);
    if (end >= text.length) return text.length;
    start = end + (text.startsWith('\r\n', end) ? 2 : 1);
  }
  return Math.min(start + character, lineEnd(text, start));
}

/** The protocol knows LF, CRLF and a lone CR as line ends. */
function lineEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from);
  const end = feed < 0 ? text.length : feed;
  const back = text.slice(from, end).indexOf('\r');
  return back < 0 ? end : from + back;
}
