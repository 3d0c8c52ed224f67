/** What the hub says about a model: commit, files with sizes and checksums, licence. */
import { Failure } from '../common/failure';
import { asRecord } from '../dataset/shape';
import type { Checksum } from './download';
import type { Hub } from './environment';
import { type HttpResponse, openUrl, readText } from './http';
import { type ModelId, isSafePath, modelIdText } from './model-id';
import { type Refusal, networkFailure, refusalFailure } from './network-failure';

export interface HubFile {
  /** Relative, with `/`; stays in its folder. */
  readonly path: string;
  readonly bytes: number;
  readonly checksum: Checksum;
}

export interface ModelInfo {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly paths: readonly string[];
  /** Of the model card. */
  readonly licence: string | undefined;
  /** @throws Failure where the hub does not say what is needed */
  file(path: string): Promise<HubFile>;
}

/** @throws Failure `offline`, `model-not-found`, `model-gated`, `access-denied`, `hub-answer` … */
export async function modelInfo(model: ModelId, hub: Hub, signal?: AbortSignal): Promise<ModelInfo> {
  if (hub.offline)
    throw new Failure(
      'offline',
      `${modelIdText(model)} is not in the cache, and HF_HUB_OFFLINE forbids to fetch it.`,
      'Unset HF_HUB_OFFLINE, or name a folder.',
    );
  const address = `${hub.endpoint}/api/models/${model.id}/revision/${encodeURIComponent(model.revision)}?blobs=true`;
  const response = await ask(address, model, hub, { signal });
  const info = parse(await readText(response));
  const commit = info?.['sha'];
  const listed = info?.['siblings'];
  if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit) || !Array.isArray(listed))
    throw new Failure('hub-answer', `${hub.endpoint} answers unlike a hub of models.`, 'Check HF_ENDPOINT.');
  const siblings = new Map<string, Readonly<Record<string, unknown>>>();
  for (const sibling of listed.map(asRecord)) {
    const path = sibling?.['rfilename'];
    if (sibling && typeof path === 'string' && isSafePath(path)) siblings.set(path, sibling);
  }
  const licence = asRecord(info?.['cardData'])?.['license'];
  return {
    commit,
    paths: [...siblings.keys()],
    licence: typeof licence === 'string' ? licence : undefined,
    file: async (path) => {
      const known =
        fileOf(path, siblings.get(path) ?? {}) ?? (await headFile(path, { ...model, revision: commit }, hub, signal));
      if (known) return known;
      throw new Failure('hub-answer', `${hub.endpoint} names no checksum for ${path}.`, 'Check HF_ENDPOINT.');
    },
  };
}

export function fileUrl({ id, revision }: ModelId, path: string, hub: Hub): string {
  return `${hub.endpoint}/${id}/resolve/${revision}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

export function authorizationOf(hub: Hub): string | undefined {
  const token = hub.token();
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** What a refusal of the hub means. */
export function hubRefusal(model: ModelId, hub: Hub): (refusal: Refusal) => Failure | undefined {
  return ({ status, headers }) => {
    const name = modelIdText(model);
    const page = `${hub.endpoint}/${model.id}`;
    const hasToken = hub.token() !== undefined;
    const code = headers['x-error-code'];
    if (code === 'GatedRepo')
      return new Failure(
        'model-gated',
        hasToken
          ? `${model.id} is open only to accounts that have accepted its terms, and yours has no access yet.`
          : `${model.id} is open only to accounts that have accepted its terms.`,
        hasToken
          ? `Accept them at ${page} with the account of your token, wait where they are reviewed, then try again.`
          : `Accept them at ${page}, make a token at ${hub.endpoint}/settings/tokens, and set it as HF_TOKEN (or run "hf auth login").`,
      );
    if (code === 'RevisionNotFound')
      return new Failure(
        'model-not-found',
        `${model.id} has no revision "${model.revision}".`,
        `See ${page}/tree/main.`,
        2,
      );
    if (status === 401 && hasToken && code !== 'RepoNotFound')
      return new Failure(
        'access-denied',
        `${new URL(hub.endpoint).host} does not accept the token.`,
        'Renew HF_TOKEN, or the token of "hf auth login"; without one public models can be fetched.',
      );
    if (status === 401 || status === 404)
      return new Failure(
        'model-not-found',
        `There is no model ${name} at ${new URL(hub.endpoint).host}, or it is private.`,
        hasToken
          ? 'Check the id (or the path, for a folder), and what your token may read.'
          : 'Check the id (or the path, for a folder); for a private model set HF_TOKEN.',
        2,
      );
    return undefined;
  };
}

/** Hubs that mirror files without their list say it in the headers of each. */
async function headFile(path: string, model: ModelId, hub: Hub, signal?: AbortSignal): Promise<HubFile | undefined> {
  const response = await ask(fileUrl(model, path, hub), model, hub, { signal, method: 'HEAD', stayOnHost: true });
  response.body.destroy();
  const header = (name: string): string => String(response.headers[name] ?? '');
  const etag = (header('x-linked-etag') || header('etag')).replace(/^W\/|"/g, '');
  return hashed(path, etag, Number(header('x-linked-size') || header('content-length') || NaN));
}

function fileOf(path: string, { size, blobId, lfs }: Readonly<Record<string, unknown>>): HubFile | undefined {
  const large = asRecord(lfs);
  return hashed(path, String(large?.['sha256'] ?? blobId), Number(large?.['size'] ?? size ?? NaN));
}

/** By the number of digits: content of LFS goes by SHA-256, other files by git. */
function hashed(path: string, digest: string, bytes: number): HubFile | undefined {
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest) || !Number.isSafeInteger(bytes) || bytes < 0) return undefined;
  return { path, bytes, checksum: { algorithm: digest.length === 64 ? 'sha256' : 'git-sha1', digest } };
}

async function ask(
  address: string,
  model: ModelId,
  hub: Hub,
  options: Parameters<typeof openUrl>[1],
): Promise<HttpResponse> {
  let response: HttpResponse;
  try {
    response = await openUrl(address, { ...options, authorization: authorizationOf(hub) });
  } catch (error) {
    throw options?.signal?.aborted ? error : networkFailure(error, address);
  }
  if (response.status < 400) return response;
  const failure = await refusalFailure(response, hubRefusal(model, hub));
  response.body.destroy();
  throw failure;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}
