import type { Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import type { DatasetFinding } from './dataset-pass';
import type { RowResult } from './row-result';

/**
 * What stands between two line feeds, so one record of the linter. An editor also ends lines at a lone carriage
 * return, so a row may be several lines there. An edited row is a new object: whoever holds results by row needs no
 * other sign that they are out of date.
 */
export class Row {
  /** Where the row was at the last `number()`; 0-based. */
  index = 0;
  /** What the linter said of it. */
  result: RowResult | undefined;
  /** What the last comparison of all records said of it. */
  compared: readonly DatasetFinding[] | undefined;
  /** @param text without the line feed, but with the carriage return before it, and a byte order mark where the file has one */
  constructor(readonly text: string) {}

  /** The record: without byte order mark and carriage return, as the linter has it. */
  get source(): string {
    const { text } = this;
    const from = this.skipped;
    const to = text.length > from && text.charCodeAt(text.length - 1) === CR ? text.length - 1 : text.length;
    return from === 0 && to === text.length ? text : text.slice(from, to);
  }

  /** UTF-16 units before `source`. */
  get skipped(): number {
    return this.index === 0 && this.text.charCodeAt(0) === BOM ? 1 : 0;
  }
}

const CR = 13;
const BOM = 0xfeff;

/** What an edit did: `removed` rows from `at` on made room for `inserted` new ones. */
export interface RowChange {
  readonly at: number;
  readonly removed: number;
  readonly inserted: readonly Row[];
}

/** An open document as rows: an edit costs what it touches, whatever the size of the file. */
export class DatasetDocument {
  /** At least one. The last is empty when the text ends with a line feed. */
  rows: Row[];
  /** Carriage returns that end a line by themselves, apart from one at the very end. */
  #loneReturns: number;
  /** Editor's line of each row; only kept where lone carriage returns make it differ from the row's index. */
  #firstLines: Uint32Array | undefined;

  constructor(
    readonly uri: string,
    readonly languageId: string,
    public version: number,
    text: string,
  ) {
    this.rows = rowsOf(text);
    this.#loneReturns = text.includes('\r') ? countReturns(this.rows) : 0;
    this.number();
  }

  /** Rows that the linter reads: a line feed at the very end opens no further record. */
  get length(): number {
    const last = this.rows.at(-1)!;
    const empty = last.text === '' || (this.rows.length === 1 && last.text === '\uFEFF');
    return empty ? this.rows.length - 1 : this.rows.length;
  }

  get text(): string {
    return this.rows.map((row) => row.text).join('\n');
  }

  /** Gives every row its index. */
  number(): void {
    for (let i = 0; i < this.rows.length; i++) this.rows[i]!.index = i;
  }

  /** Whether the row is still part of the document. Needs `number()` since the last edit. */
  has(row: Row): boolean {
    return this.rows[row.index] === row;
  }

  /** Applies changes in their order. */
  update(changes: readonly TextDocumentContentChangeEvent[], version: number): RowChange[] {
    this.version = version;
    return changes.map((change) => {
      if ('range' in change) return this.#replace(change.range, change.text);
      const removed = this.rows.length;
      this.rows = rowsOf(change.text);
      this.#loneReturns = change.text.includes('\r') ? countReturns(this.rows) : 0;
      this.#firstLines = undefined;
      this.number();
      return { at: 0, removed, inserted: this.rows };
    });
  }

  /** Place of an editor's position. What lies behind the end of a line or of the text is moved to that end, as the protocol wants. */
  locate(position: Position): { readonly index: number; readonly offset: number } {
    const { line } = position;
    if (!this.#hasLoneReturns()) {
      const index = Math.min(line, this.rows.length - 1);
      const { text } = this.rows[index]!;
      return line > index
        ? { index, offset: text.length }
        : { index, offset: Math.min(position.character, this.#contentEnd(index, 0)) };
    }
    const firsts = this.#lines();
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firsts[middle]! <= line) low = middle;
      else high = middle - 1;
    }
    let start = 0;
    for (let rest = line - firsts[low]!; rest > 0; rest--) {
      const end = this.#contentEnd(low, start);
      const { text } = this.rows[low]!;
      if (end >= text.length || (end === text.length - 1 && low < this.rows.length - 1))
        return { index: low, offset: text.length };
      start = end + 1;
    }
    return { index: low, offset: Math.min(start + position.character, this.#contentEnd(low, start)) };
  }

  /** The editor's position of a UTF-16 offset in a row's `text`. */
  positionAt(index: number, offset: number): Position {
    if (!this.#hasLoneReturns()) return { line: index, character: offset };
    const { text } = this.rows[index]!;
    let line = this.#lines()[index]!;
    let start = 0;
    for (;;) {
      const end = text.indexOf('\r', start);
      if (end < 0 || end >= offset) return { line, character: offset - start };
      line++;
      start = end + 1;
    }
  }

  /** Editor's range of a part of a row's `source`. */
  rangeIn(row: Row, start: number, end: number): Range {
    const skipped = row.skipped;
    return {
      start: this.positionAt(row.index, start + skipped),
      end: this.positionAt(row.index, end + skipped),
    };
  }

  /** Everything from the row's start to the next one's; the last row goes with the line feed before it. */
  fullRange(index: number, last = index): Range {
    const end = this.rows[last]!.text.length;
    if (last + 1 < this.rows.length) return { start: this.positionAt(index, 0), end: this.positionAt(last + 1, 0) };
    const before = index > 0 ? this.positionAt(index - 1, this.#contentEnd(index - 1, 0)) : this.positionAt(index, 0);
    return { start: before, end: this.positionAt(last, end) };
  }

  #replace(range: Range, text: string): RowChange {
    const from = this.locate(range.start);
    const found = this.locate(range.end);
    const backwards = found.index < from.index || (found.index === from.index && found.offset < from.offset);
    const to = backwards ? from : found;
    const first = this.rows[from.index]!;
    const last = this.rows[to.index]!;
    const inserted = rowsOf(first.text.slice(0, from.offset) + text + last.text.slice(to.offset));
    const removed = to.index - from.index + 1;
    if (this.#loneReturns > 0 || text.includes('\r') || first.text.includes('\r') || last.text.includes('\r')) {
      this.#loneReturns -= countReturns(this.rows.slice(from.index, to.index + 1));
      this.#loneReturns += countReturns(inserted);
    }
    // A row that comes out as it was keeps what is known of it.
    if (inserted.at(-1)!.text === last.text) inserted[inserted.length - 1] = last;
    if (inserted[0]!.text === first.text && !inserted.includes(first, 1)) inserted[0] = first;
    this.#firstLines = undefined;
    if (inserted.length < 1000) this.rows.splice(from.index, removed, ...inserted);
    else this.rows = this.rows.slice(0, from.index).concat(inserted, this.rows.slice(to.index + 1));
    if (removed !== inserted.length) this.number();
    else inserted.forEach((row, i) => (row.index = from.index + i));
    return { at: from.index, removed, inserted };
  }

  #hasLoneReturns(): boolean {
    return this.#loneReturns > 0 || this.rows.at(-1)!.text.endsWith('\r');
  }

  /** End of the editor's line that begins at `start` in the row. */
  #contentEnd(index: number, start: number): number {
    const { text } = this.rows[index]!;
    const end = text.indexOf('\r', start);
    return end < 0 ? text.length : end;
  }

  #lines(): Uint32Array {
    if (this.#firstLines) return this.#firstLines;
    const lines = new Uint32Array(this.rows.length);
    let line = 0;
    this.rows.forEach((row, i) => {
      lines[i] = line;
      line += 1 + returnsIn(row.text);
    });
    return (this.#firstLines = lines);
  }
}

function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let start = 0;
  for (;;) {
    const feed = text.indexOf('\n', start);
    rows.push(new Row(feed < 0 ? text.slice(start) : text.slice(start, feed)));
    if (feed < 0) return rows;
    start = feed + 1;
  }
}

/** Carriage returns that are not the last unit of a row: that one belongs to the line feed. */
function returnsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\r'); at >= 0 && at < text.length - 1; at = text.indexOf('\r', at + 1)) count++;
  return count;
}

function countReturns(rows: readonly Row[]): number {
  let count = 0;
  for (const row of rows) count += returnsIn(row.text);
  return count;
}
