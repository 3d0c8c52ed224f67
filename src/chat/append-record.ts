/** Adds a record to the end of a data file on the disk. */
import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '../common/failure';
import { type GoodAnswer, recordLine, recordStyleOf } from './record';

/** The format of a file shows in its first megabyte. */
const HEAD_BYTES = 1 << 20;

/**
 * Makes the file where there is none. What stands in it stays as it is; a last line without an end gets one first.
 * @returns 1-based line of the new record
 * @throws Failure of `record.ts`, and `not-utf8`, `not-written`
 */
export async function appendRecord(path: string, answer: GoodAnswer): Promise<number> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'a+');
    const { size } = await file.stat();
    const head = await headOf(file, size, path);
    const eol = /\r\n/.test(head.slice(0, head.indexOf('\n') + 1)) ? '\r\n' : '\n';
    const line = recordLine(answer, recordStyleOf(head));
    const { ends, unfinished } = await countLines(file, size);
    await file.appendFile(`${unfinished ? eol : ''}${line}${eol}`, 'utf8');
    return ends + (unfinished ? 2 : 1);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('not-written', `${path} could not be written: ${reason}.`, 'Choose another file.', 2);
  } finally {
    await file?.close();
  }
}

async function headOf(file: FileHandle, size: number, path: string): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, HEAD_BYTES)), { position: 0 });
  const bytes = buffer.subarray(0, bytesRead);
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (bytes.includes(0))
    throw new Failure('not-utf8', `${path} is no text in UTF-8.`, 'Save it in UTF-8, or choose another file.', 2);
  // The last line may be cut.
  return bytesRead < size && text.includes('\n') ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
}

async function countLines(file: FileHandle, size: number): Promise<{ ends: number; unfinished: boolean }> {
  const buffer = Buffer.alloc(HEAD_BYTES);
  let [ends, last, position] = [0, 10, 0];
  while (position < size) {
    const { bytesRead } = await file.read(buffer, { position });
    if (bytesRead === 0) break;
    for (let at = buffer.indexOf(10); at >= 0 && at < bytesRead; at = buffer.indexOf(10, at + 1)) ends++;
    last = buffer[bytesRead - 1]!;
    position += bytesRead;
  }
  return { ends, unfinished: last !== 10 };
}
