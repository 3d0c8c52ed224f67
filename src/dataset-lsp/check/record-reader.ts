import { isBlank, parseLine } from '../../dataset/jsonl';
import { asRecord } from '../../dataset/shape';
import type { FactTable } from '../facts';
import { lineDecoder } from './chunk';
import { LineReader, readFully, type OpenFile } from './line-block';
import type { DoneChunk } from './run-chunks';

interface Part {
  readonly start: number;
  readonly end: number;
  /** Byte of the first line. */
  readonly offset: number;
  readonly firstLine: number;
  readonly firstRow: number;
  readonly rowOffsets: Uint32Array;
}

const FIRST_READ = 8 << 10;

/** Finds records again that are no longer in memory: four bytes a record say where they are in the file. */
export class RecordReader {
  readonly #parts: Part[] = [];
  #rows = 0;
  #lines = 0;
  #last: { readonly part: Part; readonly bytes: Buffer; readonly starts: readonly number[] } | undefined;
  #space = Buffer.allocUnsafeSlow(FIRST_READ);

  constructor(
    private readonly file: OpenFile,
    private readonly table: FactTable,
  ) {}

  /** Remembers where the rows of the next chunk are. */
  add({ range, offset, result }: DoneChunk): void {
    const { rowOffsets } = result;
    this.#parts.push({ ...range, offset, firstLine: this.#lines + 1, firstRow: this.#rows, rowOffsets });
    this.#rows += rowOffsets.length;
    this.#lines += result.lines;
  }

  /** Lines of all chunks so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Parsed record of a row of the table. */
  recordOf(row: number): Readonly<Record<string, unknown>> | undefined {
    const source = this.#sourceOfRow(row);
    const parsed = isBlank(source) ? undefined : parseLine(source);
    return parsed?.ok ? asRecord(parsed.value) : undefined;
  }

  /** Text of a 1-based line, without its line end. */
  sourceOf(line: number): string {
    const row = lastAtMost(this.table.length, line, (i) => this.table.lines[i]!);
    if (row >= 0 && this.table.lines[row] === line) return this.#sourceOfRow(row);
    const part = this.#parts[lastAtMost(this.#parts.length, line, (i) => this.#parts[i]!.firstLine)];
    if (!part) return '';
    const { bytes, starts } = this.#linesOf(part);
    const start = starts[line - part.firstLine];
    if (start === undefined) return '';
    const feed = bytes.indexOf(10, start);
    return decodeLine(bytes.subarray(start, feed < 0 ? bytes.length : feed));
  }

  /** Lines without facts are looked for one after the other, so the last part is kept. */
  #linesOf(part: Part): { readonly bytes: Buffer; readonly starts: readonly number[] } {
    if (this.#last?.part === part) return this.#last;
    const { bytes } = new LineReader(this.file).read(part);
    const starts: number[] = [];
    for (let start = 0; start < bytes.length;) {
      starts.push(start);
      const feed = bytes.indexOf(10, start);
      start = feed < 0 ? bytes.length : feed + 1;
    }
    this.#last = { part, bytes, starts };
    return this.#last;
  }

  #sourceOfRow(row: number): string {
    const part = this.#parts[lastAtMost(this.#parts.length, row, (i) => this.#parts[i]!.firstRow)]!;
    const inPart = row - part.firstRow;
    const from = part.offset + part.rowOffsets[inPart]!;
    for (let size = FIRST_READ; ; size *= 4) {
      const length = Math.min(size, this.file.size - from);
      if (this.#space.length < length) this.#space = Buffer.allocUnsafeSlow(length);
      const bytes = this.#space.subarray(0, length);
      readFully(this.file, bytes, from);
      const feed = bytes.indexOf(10);
      if (feed >= 0 || from + length === this.file.size) return decodeLine(bytes.subarray(0, feed < 0 ? length : feed));
    }
  }
}

function decodeLine(bytes: Buffer): string {
  const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
  return lineDecoder(bytes.subarray(0, end), () => undefined)(0, end, 1);
}

/** The last index below `length` whose ascending value is at most `wanted`; -1 if none. */
function lastAtMost(length: number, wanted: number, valueAt: (index: number) => number): number {
  let low = -1;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (valueAt(middle) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}
