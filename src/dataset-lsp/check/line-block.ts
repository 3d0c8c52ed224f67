import { constants } from 'node:buffer';
import { readSync } from 'node:fs';
import { Failure } from '../../common/failure';

/** Bytes of a file, `end` excluded. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** An open file, as it was when it was opened. */
export interface OpenFile {
  readonly fd: number;
  /** As the user wrote it. */
  readonly path: string;
  readonly size: number;
  /** First byte after the byte order mark. */
  readonly begin: number;
}

/** Whole lines of a file. */
export interface LineBlock {
  /** Lines with their line ends; shared with the next block that the same reader reads. */
  readonly bytes: Buffer;
  /** Of the first byte, in the file. */
  readonly offset: number;
  /** One more line follows that is too long for a text; its bytes are not here. */
  readonly overlong: boolean;
}

/** Most bytes of a line: a text of V8 holds no more UTF-16 units. */
export const LONGEST_LINE = constants.MAX_STRING_LENGTH;

const MORE = 1 << 18;
const LONG = 1 << 24;

/** Reads the lines that begin in a range of bytes; ranges that follow each other share no line and miss none. */
export class LineReader {
  #space = Buffer.alloc(0);

  constructor(
    private readonly file: OpenFile,
    private readonly longest = LONGEST_LINE,
    private readonly long = LONG,
  ) {}

  read(range: ByteRange): LineBlock {
    // The byte before tells whether a line begins with the range.
    const atBegin = range.start === this.file.begin;
    const from = atBegin ? range.start : range.start - 1;
    let length = this.#fill(0, from, range.end - from);
    const first = atBegin ? 0 : this.#space.subarray(0, length).indexOf(10) + 1;
    if ((first === 0 && !atBegin) || first === length)
      return { bytes: Buffer.alloc(0), offset: range.end, overlong: false };
    const lastLine = Math.max(first, this.#space.subarray(0, length).lastIndexOf(10, length - 2) + 1);
    let overlong = length - lastLine > this.longest;
    for (let step = MORE; !overlong && from + length < this.file.size && this.#space[length - 1] !== 10; step *= 2) {
      if (step > this.long) {
        // Such a line is first looked through to its end, so that no memory is spent on one that is too long.
        const rest = this.#bytesToLineEnd(from + length, lastLine + this.longest - length);
        if (rest === undefined) overlong = true;
        else length += this.#fill(length, from + length, rest);
        break;
      }
      const read = this.#fill(length, from + length, Math.min(step, this.file.size - from - length));
      const feed = this.#space.subarray(length, length + read).indexOf(10);
      length += feed < 0 ? read : feed + 1;
      overlong = length - lastLine > this.longest;
    }
    const bytes = this.#space.subarray(first, overlong ? lastLine : length);
    if (this.#space.length > 64 << 20) this.#space = Buffer.alloc(0);
    return { bytes, offset: from + first, overlong };
  }

  /** Bytes up to the next line end, which is one of them; `undefined` when there are more than `most`. */
  #bytesToLineEnd(position: number, most: number): number | undefined {
    const part = Buffer.allocUnsafeSlow(LONG);
    for (let done = 0; done <= most; done += part.length) {
      const length = Math.min(part.length, this.file.size - position - done);
      if (length === 0) return done;
      const read = part.subarray(0, length);
      readFully(this.file, read, position + done);
      const feed = read.indexOf(10);
      if (feed >= 0) return done + feed + 1 <= most ? done + feed + 1 : undefined;
      if (length < part.length) return done + length <= most ? done + length : undefined;
    }
    return undefined;
  }

  /** Reads into the space from `at`; returns `length`. */
  #fill(at: number, position: number, length: number): number {
    if (this.#space.length < at + length) {
      const wider = Buffer.allocUnsafeSlow(Math.ceil((at + length) / MORE) * MORE);
      this.#space.copy(wider, 0, 0, at);
      this.#space = wider;
    }
    readFully(this.file, this.#space.subarray(at, at + length), position);
    return length;
  }
}

/** Fills the buffer from the file. Throws a `Failure` (exit code 2) when the file has become shorter. */
export function readFully({ fd, path }: Pick<OpenFile, 'fd' | 'path'>, buffer: Uint8Array, position: number): void {
  for (let done = 0; done < buffer.length;) {
    const read = readSync(fd, buffer, done, buffer.length - done, position + done);
    if (read === 0) throw changedWhileRead(path);
    done += read;
  }
}

export function changedWhileRead(path: string): Failure {
  return new Failure(
    'data-changed',
    `${path} was changed while it was read.`,
    'Wait until nothing writes to it, then check it again.',
    2,
  );
}
