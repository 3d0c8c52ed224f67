/** One line of a file of any size, with what the first records say about the file's format. */
import { Failure } from '../common/failure';
import type { Detection } from '../dataset/formats';
import { openDataFile } from '../dataset-lsp/check/data-file';
import { fileLines } from '../dataset-lsp/check/file-lines';
import { readHead } from '../dataset-lsp/check/head';

export interface FileRecord {
  /** The line without its line end. */
  readonly source: string;
  readonly detection: Detection;
}

const STEP = 1 << 20;

/**
 * Reads no further than the line, and keeps nothing but it.
 * @param line 1-based
 * @throws Failure `data-missing`, `data-unreadable`, `no-such-line` (exit code 2)
 */
export async function readRecord(path: string, line: number): Promise<FileRecord> {
  const file = await openDataFile(path);
  try {
    // A file in UTF-16 has no line that could be read; single wrong bytes are shown as they are.
    if (file.wide) throw new Failure('data-unreadable', file.wide.message, 'Then try again.', 2);
    let last = 0;
    for (const { line: number, source } of fileLines(file, STEP)) {
      last = number;
      if (number < line) continue;
      if (source === undefined)
        throw new Failure('data-unreadable', `Line ${line} of ${path} is too long.`, 'Split the record.', 2);
      return { source: source.replace(/\r$/, ''), detection: readHead(file, undefined).detection };
    }
    const lines = last === 0 ? 'no line' : last === 1 ? '1 line' : `${last.toLocaleString('en-US')} lines`;
    const hint = last === 0 ? 'Name a file with records.' : `Write --line with a number from 1 to ${last}.`;
    throw new Failure('no-such-line', `${path} has ${lines}, so there is no line ${line}.`, hint, 2);
  } finally {
    file.close();
  }
}
