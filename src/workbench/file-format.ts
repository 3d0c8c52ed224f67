import * as fs from 'node:fs/promises';
import type { FormatId } from '../dataset/formats';
import { detectTextFormat } from '../dataset/records';

const LOOKED_AT = 1 << 20;

/** Format of a data file by the records in its first megabyte; `undefined` where they do not tell, or cannot be read. */
export async function formatOfFile(file: string): Promise<FormatId | undefined> {
  let handle: fs.FileHandle | undefined;
  try {
    handle = await fs.open(file);
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(LOOKED_AT), position: 0 });
    const text = buffer.toString('utf8', 0, bytesRead);
    // The last line may be cut.
    return detectTextFormat(bytesRead < LOOKED_AT ? text : text.slice(0, text.lastIndexOf('\n') + 1));
  } catch {
    // Whoever reads all of it will say why that cannot be done.
    return undefined;
  } finally {
    await handle?.close();
  }
}
