/** From an id to a model in the cache. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../common/failure';
import { readDecoderConfig } from '../training/models/config';
import { readJsonObject } from '../training/weights/json-file';
import { type CachedModel, findCached, placeBlob, repositoryFolder, writeReference } from './cache';
import { type HubFile, authorizationOf, fileUrl, hubRefusal, modelInfo } from './client';
import { download, incompleteFile, requireSpace, sizeOf } from './download';
import type { Hub } from './environment';
import { type ModelId, modelIdText } from './model-id';
import { selectFiles } from './select-files';

export interface DownloadPlan {
  readonly model: ModelId;
  readonly commit: string;
  readonly licence: string | undefined;
  readonly files: readonly HubFile[];
  readonly totalBytes: number;
  /** Less what is in the cache already, parts of files included. */
  readonly missingBytes: number;
}

export interface FetchOptions {
  readonly hub: Hub;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** For `download`. */
  readonly firstDelayMs?: number;
}

/** Asks the hub what must be fetched. @throws Failure of `modelInfo` and `selectFiles` */
export async function planDownload(model: ModelId, { hub, signal }: FetchOptions): Promise<DownloadPlan> {
  const { files, ...info } = await askHub(model, hub, signal);
  const here = await Promise.all(files.map((file) => bytesHere(file, blobOf(file, model, hub))));
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return { model, ...info, files, totalBytes, missingBytes: totalBytes - here.reduce((sum, bytes) => sum + bytes, 0) };
}

/**
 * Fetches what is missing and names it in the cache, the branch last: a model that can be found is whole.
 * @throws Failure of `download`, and of `readDecoderConfig` for a model that cannot be trained
 */
export async function fetchModel(plan: DownloadPlan, options: FetchOptions): Promise<CachedModel> {
  const { model, commit, files, totalBytes, missingBytes } = plan;
  const { hub, signal, onProgress, firstDelayMs } = options;
  const folder = repositoryFolder(hub.cache, model.id);
  await mkdir(folder, { recursive: true });
  await requireSpace(folder, missingBytes, modelIdText(model));
  let before = 0;
  for (const file of files) {
    const place = join(folder, 'snapshots', commit, ...file.path.split('/'));
    const blob = blobOf(file, model, hub);
    // A system without links may have the file here alone.
    if ((await sizeOf(place)) !== file.bytes || !existsSync(place)) {
      await download({
        url: fileUrl({ ...model, revision: commit }, file.path, hub),
        target: blob,
        bytes: file.bytes,
        checksum: file.checksum,
        authorization: authorizationOf(hub),
        refused: hubRefusal(model, hub),
        signal,
        onProgress: (done) => onProgress?.(before + done, totalBytes),
        ...(firstDelayMs !== undefined && { firstDelayMs }),
      });
      await placeBlob(blob, place);
    }
    // Small files come first: what cannot be trained is not fetched.
    if (file.path === 'config.json') readDecoderConfig(readJsonObject(place), modelIdText(model));
    before += file.bytes;
    onProgress?.(before, totalBytes);
  }
  await writeReference(hub.cache, model, commit);
  const found = findCached(model, hub.cache);
  if (found) return found;
  throw new Failure(
    'weights-missing',
    `${modelIdText(model)} is not whole on the hub: its index names weights that it does not have.`,
    'Choose another model or revision.',
    2,
  );
}

async function askHub(
  model: ModelId,
  hub: Hub,
  signal: AbortSignal | undefined,
): Promise<Pick<DownloadPlan, 'commit' | 'licence' | 'files'>> {
  try {
    const { commit, licence, paths, file } = await modelInfo(model, hub, signal);
    const files: HubFile[] = [];
    for (const path of selectFiles(model, paths)) files.push(await file(path));
    return { commit, licence, files };
  } catch (error) {
    throw signal?.aborted ? new Failure('cancelled', 'Cancelled. Nothing was fetched.', '') : error;
  }
}

function blobOf({ checksum }: HubFile, { id }: ModelId, hub: Hub): string {
  return join(repositoryFolder(hub.cache, id), 'blobs', checksum.digest);
}

async function bytesHere({ bytes }: HubFile, blob: string): Promise<number> {
  return Math.min(bytes, existsSync(blob) ? bytes : await sizeOf(incompleteFile(blob)));
}
