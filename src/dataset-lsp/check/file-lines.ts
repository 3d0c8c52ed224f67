import { lineDecoder } from './chunk';
import { LineReader, type OpenFile } from './line-block';

/** One line of a file that is read from its begin to its end. */
export interface FileLine {
  /** 1-based. */
  readonly line: number;
  /** Without its line feed; `undefined` where the line is too long for a text. */
  readonly source: string | undefined;
  /** First byte, and the byte after the line feed. */
  readonly start: number;
  readonly end: number;
  /** Why its bytes are not UTF-8. */
  readonly wrong: string | undefined;
  /** The last one that was read in one piece: a good moment to do something else. */
  readonly isLast: boolean;
}

const FEED = 10;

/**
 * Lines of a file of any size, in order.
 * @param step bytes that are read at once
 * @param limit byte after which nothing more is read
 */
export function* fileLines(file: OpenFile, step: number, limit = file.size): Generator<FileLine> {
  const reader = new LineReader(file);
  let line = 0;
  for (let at = file.begin; at < limit; at += step) {
    const { bytes, offset, overlong } = reader.read({ start: at, end: Math.min(file.size, at + step) });
    let wrong: string | undefined;
    const decode = lineDecoder(bytes, ({ message }) => (wrong ??= message));
    for (let start = 0; start < bytes.length;) {
      const feed = bytes.indexOf(FEED, start);
      const end = feed < 0 ? bytes.length : feed;
      wrong = undefined;
      const source = decode(start, end, ++line);
      const next = Math.min(offset + end + 1, file.size);
      yield { line, source, start: offset + start, end: next, wrong, isLast: end + 1 >= bytes.length && !overlong };
      start = end + 1;
    }
    const after = offset + bytes.length;
    if (overlong) yield { line: ++line, source: undefined, start: after, end: after, wrong: undefined, isLast: true };
  }
}
