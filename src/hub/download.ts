/**
 * The one downloader: a file of known size and checksum, over HTTP. What has arrived is kept beside it
 * under another name and goes on from there; the file has its final name only when it is whole and its checksum is right. A file of that
 * size that is there already stays; of two processes that want the same file one waits.
 */
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Failure } from '../common/failure';
import { fileSizeText } from '../common/file-size';
import { writeFailure } from '../training/weights/files';
import { withLock } from './lock';
import type { Refusal } from './network-failure';
import { beginTransfer, fetchWhole } from './transfer';

export interface Checksum {
  /** `git-sha1` is git's name of a blob: SHA-1 over `blob SIZE\0` and the content. */
  readonly algorithm: 'sha256' | 'sha512' | 'git-sha1';
  /** In hexadecimal digits. */
  readonly digest: string;
}

export interface DownloadRequest {
  readonly url: string;
  /** Its folder is made where there is none. */
  readonly target: string;
  readonly bytes: number;
  readonly checksum: Checksum;
  /** For the host of the URL alone: it does not follow a redirect to another one. */
  readonly authorization?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that are there, those of an earlier attempt included. */
  readonly onProgress?: ((doneBytes: number) => void) | undefined;
  /** Words for an answer of refusal (4xx), where its owner knows more than the status. */
  readonly refused?: ((refusal: Refusal) => Failure | undefined) | undefined;
  /** Before the second attempt; the wait doubles from one to the next. Default: 1000. */
  readonly firstDelayMs?: number;
}

/** Left free, so that the system and the run itself can go on. */
const RESERVE_BYTES = 64 << 20;

/**
 * @throws Failure `cancelled`, `offline`, `certificate`, `proxy-refused`, `server-error`, `not-found`, `access-denied`,
 * `checksum-mismatch`, `size-mismatch`, `disk-full`, `write-failed`; what has arrived is kept but for a wrong checksum
 */
export async function download(request: DownloadRequest): Promise<void> {
  const { target, bytes, signal } = request;
  try {
    await mkdir(dirname(target), { recursive: true });
    await withLock(`${target}.lock`, signal, () => downloadAlone(request));
  } catch (error) {
    if (signal?.aborted) throw cancelled(target);
    throw writeFailure(error, target, bytes);
  }
}

/** Not the name that Python's huggingface_hub gives its own in the same folder: two that append would spoil the file. */
export function incompleteFile(target: string): string {
  return `${target}.fine-tune.incomplete`;
}

/** 0 where there is none. */
export async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** @throws Failure `disk-full` that says what is needed and what is there */
export async function requireSpace(folder: string, neededBytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (neededBytes <= 0 || neededBytes + RESERVE_BYTES <= free) return;
  throw new Failure(
    'disk-full',
    `${what} needs ${fileSizeText(neededBytes)} more in ${folder}, where ${fileSizeText(free)} are free.`,
    'Free some space, or choose a folder on another disk.',
  );
}

async function downloadAlone(request: DownloadRequest): Promise<void> {
  const { target, bytes, onProgress } = request;
  const partial = incompleteFile(target);
  if ((await stat(target).catch(() => undefined))?.size === bytes) return onProgress?.(bytes);
  await requireSpace(dirname(target), bytes - (await sizeOf(partial)), basename(target));
  try {
    const outcome = await fetchAndCheck(request, partial);
    // What an earlier attempt left may be spoilt; a file that came in one piece has no such excuse.
    if (outcome === 'spoilt') await fetchAndCheck(request, partial);
    await rename(partial, target);
  } finally {
    if ((await sizeOf(partial)) === 0) await rm(partial, { force: true });
  }
}

/** `spoilt`: the checksum is wrong after going on from an earlier part; all of it is removed. */
async function fetchAndCheck(request: DownloadRequest, partial: string): Promise<'right' | 'spoilt'> {
  const file = await open(partial, constants.O_RDWR | constants.O_CREAT);
  try {
    const transfer = await beginTransfer(file, request);
    const began = transfer.done;
    request.onProgress?.(began);
    await fetchWhole(transfer, request);
    if (transfer.hash.digest('hex') === request.checksum.digest.toLowerCase()) {
      await file.sync();
      return 'right';
    }
    await file.truncate(0);
    if (began === 0) throw wrongChecksum(request);
    return 'spoilt';
  } finally {
    await file.close();
  }
}

function wrongChecksum({ target, checksum }: DownloadRequest): Failure {
  return new Failure(
    'checksum-mismatch',
    `${basename(target)} arrived with another ${checksum.algorithm} checksum than ${checksum.digest}; it was removed.`,
    'Try again; when it happens twice, something on the way changes the file.',
  );
}

function cancelled(target: string): Failure {
  return new Failure(
    'cancelled',
    `The download of ${basename(target)} was cancelled; what has arrived is kept.`,
    'Start it again to go on.',
  );
}
