/** What is needed of an open document (`vscode.TextDocument`). */
export interface LinedDocument {
  readonly uri: { toString(): string };
  readonly version: number;
  readonly lineCount: number;
  lineAt(line: number): { readonly isEmptyOrWhitespace: boolean };
}

/** Which lines of open documents are records: all that are not blank. Counted once for each version of a document. */
export class RecordLines {
  readonly #known = new Map<string, { readonly version: number; readonly lines: Uint32Array }>();

  /** @param line 1-based. `record` is 1-based, too, and 0 for a blank line. */
  count(document: LinedDocument, line: number): { readonly record: number; readonly records: number } {
    const lines = this.#linesOf(document);
    const at = firstNotBefore(lines, line);
    return { record: lines[at] === line ? at + 1 : 0, records: lines.length };
  }

  /** Line of the record before or after a line. */
  neighbour(document: LinedDocument, line: number, by: -1 | 1): number | undefined {
    const lines = this.#linesOf(document);
    const at = firstNotBefore(lines, line);
    return by === -1 ? lines[at - 1] : lines[lines[at] === line ? at + 1 : at];
  }

  forget(document: LinedDocument): void {
    this.#known.delete(document.uri.toString());
  }

  #linesOf(document: LinedDocument): Uint32Array {
    const key = document.uri.toString();
    const known = this.#known.get(key);
    if (known?.version === document.version) return known.lines;
    const lines = new Uint32Array(document.lineCount);
    let count = 0;
    for (let i = 0; i < document.lineCount; i++) if (!document.lineAt(i).isEmptyOrWhitespace) lines[count++] = i + 1;
    const kept = lines.subarray(0, count);
    this.#known.set(key, { version: document.version, lines: kept });
    return kept;
  }
}

/** Index of the first number that is not below `line`, in rising numbers. */
function firstNotBefore(lines: Uint32Array, line: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle]! < line) low = middle + 1;
    else high = middle;
  }
  return low;
}
