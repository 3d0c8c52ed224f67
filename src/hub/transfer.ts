/** From an address into an open file, hashed on the way, over as many connections as it takes. */
import { type Hash, createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../common/failure';
import type { DownloadRequest } from './download';
import { type HttpResponse, openUrl } from './http';
import { isPassing, networkFailure, refusalFailure } from './network-failure';

export interface Transfer {
  readonly file: FileHandle;
  /** Over what is there. */
  hash: Hash;
  /** Bytes that are there. */
  done: number;
  /** ETag of the answer that the part comes from. */
  validator?: string;
}

/** Attempts in a row that bring nothing; one that brings something counts from the beginning. */
const ATTEMPTS = 5;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;

/** Takes up what an earlier attempt left in the file. */
export async function beginTransfer(file: FileHandle, request: DownloadRequest): Promise<Transfer> {
  const transfer: Transfer = { file, hash: startHash(request), done: 0 };
  const { size } = await file.stat();
  if (size > request.bytes) await restart(transfer, request);
  for await (const chunk of file.createReadStream({ autoClose: false, start: 0, highWaterMark: 1 << 20 })) {
    transfer.hash.update(chunk as Buffer);
    transfer.done += (chunk as Buffer).length;
    request.signal?.throwIfAborted();
  }
  return transfer;
}

/** Fetches until the file has all its bytes. @throws Failure when nothing comes any more */
export async function fetchWhole(transfer: Transfer, request: DownloadRequest): Promise<void> {
  for (let failed = 0; transfer.done < request.bytes;) {
    const before = transfer.done;
    let waitMs = (request.firstDelayMs ?? FIRST_DELAY_MS) * 2 ** failed;
    try {
      const busySeconds = await fetchRest(transfer, request);
      if (busySeconds === undefined) {
        if (transfer.done < request.bytes) throw cutOff(request);
        return;
      }
      waitMs = Math.max(waitMs, busySeconds * 1000);
      if (++failed === ATTEMPTS || waitMs > LONGEST_DELAY_MS) throw busy(request);
    } catch (error) {
      failed = transfer.done > before ? 1 : failed + 1;
      if (!isPassing(error) || failed === ATTEMPTS) throw networkFailure(error, request.url);
    }
    await delay(waitMs, undefined, { signal: request.signal });
  }
}

/** @returns where the server is too busy (429, 5xx): the seconds that it asks for, 0 without a wish */
async function fetchRest(transfer: Transfer, request: DownloadRequest): Promise<number | undefined> {
  const { url, authorization, signal } = request;
  const from = transfer.done;
  const range = {
    range: `bytes=${from}-`,
    // Without it the checksum alone decides whether the parts belong together.
    ...(transfer.validator !== undefined && { 'if-range': transfer.validator }),
  };
  const response = await openUrl(url, { authorization, signal, headers: from === 0 ? {} : range });
  try {
    const { status, headers } = response;
    if (status === 429 || status >= 500) return Number(headers['retry-after']) || 0;
    // The part is none of this file, or the server does not continue: once more from the beginning.
    if (status === 416 || (status === 200 && from > 0)) await restart(transfer, request);
    if (status === 416) return 0;
    if (status !== 200 && status !== 206) throw await refusalFailure(response, request.refused);
    await receive(transfer, request, response);
    return undefined;
  } finally {
    response.body.destroy();
  }
}

async function receive(transfer: Transfer, request: DownloadRequest, response: HttpResponse): Promise<void> {
  const { bytes, target, onProgress } = request;
  requireSameSize(response, transfer.done, request);
  const { etag } = response.headers;
  if (etag !== undefined && !etag.startsWith('W/')) transfer.validator = etag;
  for await (const part of response.body) {
    const chunk = part as Buffer;
    if (transfer.done + chunk.length > bytes) throw wrongSize(target, bytes, transfer.done + chunk.length);
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await transfer.file.write(chunk, at, chunk.length - at, transfer.done + at);
      at += bytesWritten;
    }
    transfer.hash.update(chunk);
    transfer.done += chunk.length;
    onProgress?.(transfer.done);
  }
}

async function restart(transfer: Transfer, request: DownloadRequest): Promise<void> {
  await transfer.file.truncate(0);
  transfer.hash = startHash(request);
  transfer.done = 0;
  delete transfer.validator;
}

function startHash({ checksum, bytes }: DownloadRequest): Hash {
  return checksum.algorithm === 'git-sha1'
    ? createHash('sha1').update(`blob ${bytes}\0`)
    : createHash(checksum.algorithm);
}

/** The page of a portal, or another file, shows itself by its size before a byte of it is written. */
function requireSameSize({ status, headers }: HttpResponse, from: number, { bytes, target }: DownloadRequest): void {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (status === 206 && Number(start) !== from) throw wrongSize(target, from, Number(start));
  const length = status === 206 ? total : headers['content-length'];
  if (length !== undefined && Number(length) !== bytes) throw wrongSize(target, bytes, Number(length));
}

function wrongSize(target: string, expected: number, found: number): Failure {
  return new Failure(
    'size-mismatch',
    `The server sends another file than ${basename(target)}: ${found} bytes instead of ${expected}.`,
    'A proxy or a login page may stand in between; open the address in a browser, then try again.',
  );
}

function cutOff({ url }: DownloadRequest): Error {
  return Object.assign(new Error(`${new URL(url).host} ended the transfer early`), { code: 'ECONNRESET' });
}

function busy({ url }: DownloadRequest): Failure {
  return new Failure(
    'server-error',
    `${new URL(url).host} is too busy or broken at the moment.`,
    'Try again later; what has arrived is kept.',
  );
}
