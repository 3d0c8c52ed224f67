/** One line of a file of any size, with what the first records say about the file's format. */
import { createReadStream } from 'node:fs';
import { Failure } from '../common/failure';
import { decodeText } from '../dataset/encoding';
import { detectFileFormat, type Detection } from '../dataset/formats';
import { isBlank, parseLine } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';

export interface FileRecord {
  /** The line without its line end. */
  readonly source: string;
  readonly detection: Detection;
}

/** As many records as the format of a file is looked for in. */
const LOOKED_AT = 20;
const FEED = 10;

/**
 * Reads no further than the line, and keeps nothing but it and the first records.
 * @param line 1-based
 * @throws Failure `data-missing`, `data-unreadable`, `no-such-line` (exit code 2)
 */
export async function readRecord(path: string, line: number): Promise<FileRecord> {
  const first: Readonly<Record<string, unknown>>[] = [];
  let wanted: string | undefined;
  let number = 0;
  let looked = 0;
  for await (const bytes of lines(path, (next) => next === line || looked < LOOKED_AT)) {
    number++;
    if (!bytes) continue;
    const source = textOf(bytes, number);
    if (number === line) wanted = source;
    if (looked < LOOKED_AT && !isBlank(source)) {
      looked++;
      const parsed = parseLine(source);
      const record = parsed.ok ? asRecord(parsed.value) : undefined;
      if (record) first.push(record);
    }
    if (number >= line && looked >= LOOKED_AT) break;
  }
  if (wanted === undefined) {
    const lines = number === 0 ? 'no line' : number === 1 ? '1 line' : `${number.toLocaleString('en-US')} lines`;
    const hint = number === 0 ? 'Name a file with records.' : `Write --line with a number from 1 to ${number}.`;
    throw new Failure('no-such-line', `${path} has ${lines}, so there is no line ${line}.`, hint, 2);
  }
  return { source: wanted, detection: detectFileFormat(first) };
}

function textOf(bytes: Uint8Array, number: number): string {
  const { text, problems } = decodeText(bytes);
  // A file in UTF-16 has no line that could be read; single wrong bytes are shown as they are.
  if (number === 1 && text === '' && problems.length > 0)
    throw new Failure('data-unreadable', problems[0]!.message, 'Then try again.', 2);
  return text.replace(/\r$/, '');
}

/** Bytes of every line in order; `undefined` for lines that nobody wants, which are not kept. */
async function* lines(path: string, isWanted: (line: number) => boolean): AsyncGenerator<Uint8Array | undefined> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let open = false;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      let start = 0;
      while (start < chunk.length) {
        const feed = chunk.indexOf(FEED, start);
        const end = feed < 0 ? chunk.length : feed;
        open = true;
        if (isWanted(number)) parts.push(chunk.subarray(start, end));
        start = end + 1;
        if (feed < 0) break;
        yield parts.length > 0 ? Buffer.concat(parts) : undefined;
        parts = [];
        open = false;
        number++;
      }
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  if (open) yield parts.length > 0 ? Buffer.concat(parts) : undefined;
}

function unreadable(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof Failure || code === undefined) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new Failure('data-missing', `The file ${path} does not exist.`, 'Check the path.', 2);
  if (code === 'EISDIR') return new Failure('data-unreadable', `${path} is a folder.`, 'Name a file in it.', 2);
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('data-unreadable', `The file ${path} cannot be read: ${reason}.`, 'Check its permissions.', 2);
}
