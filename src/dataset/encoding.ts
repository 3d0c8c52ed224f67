import { utf8Decode } from './unicode';

/** A place in a file whose bytes are not the UTF-8 that JSON Lines wants. 1-based, columns in UTF-16 units. */
export interface EncodingProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface DecodedText {
  /** Without a byte order mark; U+FFFD where bytes could not be decoded. Empty when the file is no UTF-8 at all. */
  readonly text: string;
  readonly problems: readonly EncodingProblem[];
}

const BOMS: readonly (readonly [string, readonly number[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
];

const CONVERT = 'Save the file as UTF-8 (in VS Code: "Save with Encoding").';

/**
 * Text of a file's bytes, with everything about them that is not plain UTF-8: another encoding, a byte order mark, bytes
 * that cannot be decoded (one problem for each line that has some).
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const wide = wideEncoding(bytes);
  if (wide) return { text: '', problems: [wide] };
  const problems: EncodingProblem[] = [];
  const marked = hasByteOrderMark(bytes);
  if (marked) problems.push(byteOrderMark());
  const content = marked ? bytes.subarray(3) : bytes;
  const wrong: { readonly byte: number; readonly at: number }[] = [];
  const text = utf8Decode(content, (offset, at) => wrong.push({ byte: content[offset]!, at }));
  let line = 1;
  let start = 0;
  let reported = 0;
  for (const { byte, at } of wrong) {
    for (let feed = text.indexOf('\n', start); feed >= 0 && feed < at; feed = text.indexOf('\n', start)) {
      start = feed + 1;
      line++;
    }
    if (line === reported) continue;
    reported = line;
    problems.push(wrongByte(byte, line, at - start));
  }
  return { text, problems };
}

/** Text of the bytes of one line, and the first of them that is no UTF-8. @param line 1-based */
export function decodeLine(bytes: Uint8Array, line: number): DecodedText {
  let first: EncodingProblem | undefined;
  const text = utf8Decode(bytes, (offset, at) => (first ??= wrongByte(bytes[offset]!, line, at)));
  return { text, problems: first ? [first] : [] };
}

/** What the first bytes of a file (256 are enough) say when it is encoded as UTF-16 or UTF-32. */
export function wideEncoding(bytes: Uint8Array): EncodingProblem | undefined {
  const name = BOMS.find(([, mark]) => begins(bytes, mark))?.[0] ?? guessWide(bytes);
  if (!name) return undefined;
  return { line: 1, column: 1, message: `The file is encoded as ${name}, not as UTF-8. ${CONVERT}` };
}

/** Whether the three bytes of UTF-8's mark come first. */
export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return begins(bytes, [0xef, 0xbb, 0xbf]);
}

export function byteOrderMark(): EncodingProblem {
  return {
    line: 1,
    column: 1,
    message:
      'The file begins with a byte order mark, which many JSON readers refuse. Save the file as UTF-8 without BOM.',
  };
}

function wrongByte(byte: number, line: number, at: number): EncodingProblem {
  const shown = `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return { line, column: at + 1, message: `The byte ${shown} is not valid UTF-8 here. ${CONVERT}` };
}

function begins(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, i) => bytes[i] === byte);
}

/** UTF-16 without a mark: Latin text in it has a zero in every second byte. */
function guessWide(bytes: Uint8Array): string | undefined {
  const seen = bytes.subarray(0, 256);
  if (seen.length < 4) return undefined;
  let zeros = 0;
  for (const byte of seen) if (byte === 0) zeros++;
  return zeros * 3 > seen.length ? 'UTF-16' : undefined;
}
