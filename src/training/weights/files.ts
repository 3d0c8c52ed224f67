import * as fs from 'node:fs';
import * as path from 'node:path';

import { Failure } from '../../common/failure';

/** Reads exactly `target.length` bytes of an open file. Fails with `weights-truncated` where the file ends earlier. */
export function readExactly(descriptor: number, file: string, target: Uint8Array, offset: number): void {
  let done = 0;
  while (done < target.length) {
    const read = fs.readSync(descriptor, target, done, Math.min(target.length - done, MAX_CALL), offset + done);
    if (read === 0) throw truncated(file, offset + target.length, offset + done);
    done += read;
  }
}

/** Opens a file for the time of `use`. Errors of the file system become a `Failure` that names the file. */
export function withFile<T>(file: string, use: (descriptor: number, size: number) => T): T {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'r');
    return use(descriptor, fs.fstatSync(descriptor).size);
  } catch (error) {
    throw readFailure(error, file);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Names in a folder. */
export function listFolder(folder: string): ReadonlySet<string> {
  try {
    return new Set(fs.readdirSync(folder));
  } catch (error) {
    throw readFailure(error, folder);
  }
}

export function readTextFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw readFailure(error, file);
  }
}

/** First part of the codes of failures about weights files. */
export type WeightsFormat = 'weights' | 'gguf';

/** Sizes in bytes from the start of the file. */
export function truncated(file: string, expected: number, found: number, format: WeightsFormat = 'weights'): Failure {
  return new Failure(
    `${format}-truncated`,
    `${file} is cut off: ${expected} bytes are expected, ${found} are there.`,
    'Download or copy the file again; the transfer was probably interrupted.',
    2,
  );
}

export function corruptFile(format: WeightsFormat, file: string, what: string): Failure {
  return new Failure(
    `${format}-corrupt`,
    `${file} is not a usable weights file: ${what}.`,
    'Download or export the model again.',
    2,
  );
}

export type WriteBytes = (bytes: Uint8Array) => void;

/**
 * Writes a file under a temporary name beside it, flushes it to the disk and renames it, so that a file under the
 * final name is always whole. On any error the temporary file is removed. A full disk is the failure `disk-full`.
 */
export function writeFileAtomically(file: string, neededBytes: number, fill: (write: WriteBytes) => void): void {
  const draft = beginFile(file);
  try {
    fill(draft.write);
    draft.finish();
  } catch (error) {
    draft.discard();
    throw writeFailure(error, file, neededBytes);
  }
}

/** The same for work that takes long: between its parts `fill` may wait, so that a request to stop is heard. */
export async function writeFileInParts(
  file: string,
  neededBytes: number,
  fill: (write: WriteBytes) => Promise<void>,
): Promise<void> {
  const draft = beginFile(file);
  try {
    await fill(draft.write);
    draft.finish();
  } catch (error) {
    draft.discard();
    throw writeFailure(error, file, neededBytes);
  }
}

function beginFile(file: string): { write: WriteBytes; finish(): void; discard(): void } {
  const partial = `${file}.partial`;
  let descriptor: number | undefined;
  const open = (): number => (descriptor ??= fs.openSync(partial, 'w'));
  const close = (): void => {
    if (descriptor !== undefined) fs.closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    write: (bytes) => writeAll(open(), bytes),
    finish: () => {
      fs.fsyncSync(open());
      close();
      fs.renameSync(partial, file);
    },
    discard: () => {
      close();
      fs.rmSync(partial, { force: true });
    },
  };
}

const MAX_CALL = 1 << 30;

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += fs.writeSync(descriptor, bytes, done, Math.min(bytes.length - done, MAX_CALL));
}

function readFailure(error: unknown, file: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  return new Failure(
    'file-unreadable',
    `${file} cannot be read (${code}).`,
    code === 'EACCES' || code === 'EPERM' ? 'Give yourself permission to read it.' : 'Check that the file is there.',
    2,
  );
}

/**
 * An error of the file system while writing, as the failure `disk-full` or `write-failed`; other errors as they are.
 * `neededBytes` is the size of what was to be written, 0 where it is not known.
 */
export function writeFailure(error: unknown, file: string, neededBytes: number): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  if (code === 'EFBIG')
    return new Failure(
      'write-failed',
      `${file} cannot be written: it grows beyond what its file system, or a limit of this session, allows (EFBIG).`,
      'Choose an output folder on another file system, or raise the limit (ulimit -f), then try again.',
    );
  if (code !== 'ENOSPC' && code !== 'EDQUOT')
    return new Failure(
      'write-failed',
      `${file} cannot be written (${code}).`,
      'Check the folder and its permissions, then try again.',
    );
  return new Failure(
    'disk-full',
    `The disk is full: ${file} ${neededBytes > 0 ? `needs ${megabytes(neededBytes)}` : 'cannot be written'}${freeSpace(file)}.`,
    'Free some space or choose another output folder, then try again.',
  );
}

function freeSpace(file: string): string {
  try {
    const { bavail, bsize } = fs.statfsSync(path.dirname(file));
    return `, ${megabytes(bavail * bsize)} are free`;
  } catch {
    return '';
  }
}

function megabytes(bytes: number): string {
  return `${bytes} bytes (${(bytes / 1e6).toFixed(1)} MB)`;
}

function systemCode(error: unknown): string | undefined {
  if (error instanceof Failure || !(error instanceof Error) || !('syscall' in error) || !('code' in error))
    return undefined;
  return String(error.code);
}
