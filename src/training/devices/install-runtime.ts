/** Fetches the GPU runtime into the user's folder: all of it or, seen from outside, nothing. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../../common/failure';
import { download, requireSpace } from '../../hub/download';
import { withLock } from '../../hub/lock';
import { writeFailure } from '../weights/files';
import {
  RUNTIME_ARCHIVES,
  RUNTIME_BYTES,
  RUNTIME_COMPLETE,
  RUNTIME_PREFIX,
  type RuntimeArchive,
  runtimeFolder,
  runtimeIsInstalled,
} from './gpu-runtime';
import { userFolder } from './user-folder';
import { extractFiles } from './zip';

export interface InstallOptions {
  /** `libonnxruntime.so.1` of the onnxruntime-node that is in use. */
  readonly engineLibrary: string;
  readonly archives?: readonly RuntimeArchive[];
  readonly unpackedBytes?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export function downloadBytes(archives: readonly RuntimeArchive[] = RUNTIME_ARCHIVES): number {
  return archives.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * What has arrived is kept when it is interrupted, and not fetched again.
 * @returns the folder; at once where everything is there
 * @throws Failure as `download`, `disk-full`, `write-failed`
 */
export async function installRuntime(options: InstallOptions): Promise<string> {
  const folder = runtimeFolder();
  const staging = `${folder}.incomplete`;
  try {
    await mkdir(staging, { recursive: true });
    return await withLock(`${folder}.lock`, options.signal, async () => {
      if (!runtimeIsInstalled()) await fetchAll(staging, options);
      else await rm(staging, { recursive: true, force: true });
      return folder;
    });
  } catch (error) {
    if (options.signal?.aborted)
      throw new Failure('cancelled', 'Cancelled. What has arrived is kept.', 'Start it again to go on.');
    throw writeFailure(error, folder, 0);
  }
}

/**
 * That of earlier versions, too.
 * @returns whether there was something to remove
 */
export async function removeRuntime(): Promise<boolean> {
  const names = (await readdir(userFolder()).catch(() => [])).filter((name) => name.startsWith(RUNTIME_PREFIX));
  for (const name of names) await rm(join(userFolder(), name), { recursive: true, force: true });
  return names.length > 0;
}

async function fetchAll(staging: string, options: InstallOptions): Promise<void> {
  const { archives = RUNTIME_ARCHIVES, unpackedBytes = RUNTIME_BYTES, signal, onProgress } = options;
  const missing = archives.filter(({ files }) => !files.every((file) => existsSync(join(staging, basename(file)))));
  const largest = Math.max(0, ...missing.map(({ bytes }) => bytes));
  await requireSpace(staging, missing.length === 0 ? 0 : unpackedBytes + largest, 'The GPU runtime');
  const total = downloadBytes(archives);
  let before = total - downloadBytes(missing);
  for (const { url, bytes, sha256, files } of missing) {
    const archive = join(staging, basename(new URL(url).pathname));
    await download({
      url,
      target: archive,
      bytes,
      checksum: { algorithm: 'sha256', digest: sha256 },
      signal,
      onProgress: (done) => onProgress?.(before + done, total),
    });
    const partial = new Map(files.map((file) => [file, join(staging, `${basename(file)}.partial`)]));
    await extractFiles(archive, partial, signal);
    for (const [file, from] of partial) await rename(from, join(staging, basename(file)));
    await rm(archive);
    before += bytes;
  }
  await copyFile(options.engineLibrary, join(staging, basename(options.engineLibrary)));
  await writeFile(join(staging, RUNTIME_COMPLETE), archives.map(({ url }) => `${url}\n`).join(''));
  await rm(runtimeFolder(), { recursive: true, force: true });
  await rename(staging, runtimeFolder());
}
