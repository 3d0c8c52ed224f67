import { createReadStream } from 'node:fs';
import { Failure } from '../common/failure';

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Number of lines of a file that hold more than white space; reads it in pieces. Throws a `Failure` if it cannot. */
export async function countRecords(file: string): Promise<number> {
  let records = 0;
  let blank = true;
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) {
      const bytes: Uint8Array = piece;
      for (const byte of bytes) {
        if (byte === NEWLINE) {
          if (!blank) records++;
          blank = true;
        } else if (byte > SPACE) blank = false;
      }
    }
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      'unreadable-file',
      missing ? `${file} does not exist.` : `${file} cannot be read: ${reason}.`,
      'Choose another file, or correct the path in finetune.json.',
      2,
    );
  }
  return blank ? records : records + 1;
}
