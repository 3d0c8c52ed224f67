import { randomUUID } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, fstatSync, openSync, unlinkSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../../common/failure';
import { hasByteOrderMark, wideEncoding, type EncodingProblem } from '../../dataset/encoding';
import { changedWhileRead, readFully, type OpenFile } from './line-block';

/** A data file that is being checked. */
export interface DataFile extends OpenFile {
  /** It is no UTF-8 at all, so it has no lines. */
  readonly wide: EncodingProblem | undefined;
  /** Permission bits. */
  readonly mode: number;
  /** It was no regular file: this is a copy of what came out of it. */
  readonly isCopy: boolean;
  /** Throws a `Failure` (exit code 2) when the file is no longer what was opened. */
  assertUnchanged(): void;
  close(): void;
}

/**
 * Opens a file; what has no size (a pipe) is first copied to the disk. Throws a `Failure` (exit code 2) for what cannot be read.
 */
export async function openDataFile(path: string, signal?: AbortSignal): Promise<DataFile> {
  try {
    const fd = openSync(path, 'r');
    const stats = fstatSync(fd);
    if (stats.isFile()) return dataFile(fd, path, stats);
    if (stats.isDirectory()) {
      closeSync(fd);
      throw new Failure('data-unreadable', `${path} is a folder.`, 'Name the files in it.', 2);
    }
    return await copied(fd, path, signal);
  } catch (error) {
    throw error instanceof Failure || signal?.aborted ? error : unreadable(path, error);
  }
}

function dataFile(fd: number, path: string, stats: Stats): DataFile {
  const head = Buffer.alloc(Math.min(stats.size, 256));
  readFully({ fd, path }, head, 0);
  return {
    fd,
    path,
    size: stats.size,
    begin: hasByteOrderMark(head) ? 3 : 0,
    wide: wideEncoding(head),
    mode: stats.mode & 0o7777,
    isCopy: false,
    assertUnchanged: () => {
      const now = fstatSync(fd);
      if (now.size !== stats.size || now.mtimeMs !== stats.mtimeMs) throw changedWhileRead(path);
    },
    close: () => closeSync(fd),
  };
}

async function copied(fd: number, path: string, signal: AbortSignal | undefined): Promise<DataFile> {
  const copy = join(tmpdir(), `fine-tune-${randomUUID()}`);
  try {
    await pipeline(createReadStream(path, { fd }), createWriteStream(copy, { mode: 0o600 }), { signal });
    const copyFd = openSync(copy, 'r');
    return {
      ...dataFile(copyFd, path, fstatSync(copyFd)),
      isCopy: true,
      close: () => {
        closeSync(copyFd);
        unlinkSync(copy);
      },
    };
  } catch (error) {
    unlinkSync(copy);
    throw error;
  }
}

function unreadable(path: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new Failure('data-missing', `The file ${path} does not exist.`, 'Check the path.', 2);
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('data-unreadable', `The file ${path} cannot be read: ${reason}.`, 'Check its permissions.', 2);
}
