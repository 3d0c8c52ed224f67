/**
 * The cache that all tools of Hugging Face share: `models--ORG--NAME/{refs,snapshots,blobs}`. What Python has fetched is
 * found here, and the other way round. Nothing in it is ever removed.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { copyFile, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Failure } from '../common/failure';
import { DEFAULT_REVISION, type ModelId, isModelId, isSafePath, modelIdText } from './model-id';
import { INDEX, hasLabel } from './select-files';

export interface CachedModel {
  readonly id: ModelId;
  readonly commit: string;
  /** Snapshot folder, or the GGUF file in it. */
  readonly path: string;
}

export function repositoryFolder(cache: string, id: string): string {
  return join(cache, `models--${id.replaceAll('/', '--')}`);
}

/** The model as far as it is there whole; no network. */
export function findCached(id: ModelId, cache: string): CachedModel | undefined {
  const folder = repositoryFolder(cache, id.id);
  const commit = /^[0-9a-f]{40}$/.test(id.revision) ? id.revision : readReference(join(folder, 'refs', id.revision));
  if (commit === undefined) return undefined;
  const snapshot = join(folder, 'snapshots', commit);
  if (id.file === undefined) return isWhole(snapshot) ? { id, commit, path: snapshot } : undefined;
  const file = findGguf(snapshot, id.file);
  return file === undefined ? undefined : { id, commit, path: join(snapshot, file) };
}

/** @throws Failure `model-not-downloaded` (exit code 2) that says how to fetch it */
export function requireCached(id: ModelId, cache: string): CachedModel {
  const found = findCached(id, cache);
  if (found) return found;
  const name = modelIdText(id);
  throw new Failure(
    'model-not-downloaded',
    `The model ${name} is not on this machine: it is not in the cache ${cache}.`,
    `Fetch it with "fine-tune download ${name}". For a folder, check the path.`,
    2,
  );
}

/** Every model in the cache that is there whole, by id: branches and tags first, then commits that have lost theirs. */
export function listCached(cache: string): CachedModel[] {
  return namesIn(cache).flatMap((name) => {
    const [kind, ...parts] = name.split('--');
    const id = parts.join('/');
    if (kind !== 'models' || !isModelId(id)) return [];
    const folder = join(cache, name);
    const branches = namesIn(join(folder, 'refs')).flatMap((revision) => {
      const commit = readReference(join(folder, 'refs', revision));
      return commit === undefined ? [] : [{ revision, commit }];
    });
    const nameless = namesIn(join(folder, 'snapshots')).filter((commit) => !branches.some((b) => b.commit === commit));
    const revisions = [...branches.sort(byDefault), ...nameless.map((commit) => ({ revision: commit, commit }))];
    return revisions.flatMap(({ revision, commit }) => {
      const files = [undefined, ...ggufsIn(join(folder, 'snapshots', commit))];
      return files.flatMap((file) => findCached({ id, revision, ...(file !== undefined && { file }) }, cache) ?? []);
    });
  });
}

/** Bytes of the files of a model, links followed. */
export function sizeOnDisk({ path }: CachedModel): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return namesIn(path).reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/**
 * Gives a blob its name in a snapshot: a relative symbolic link; where the system forbids one (Windows without
 * developer mode), a hard link, or else a copy.
 */
export async function placeBlob(blob: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const made = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    await symlink(relative(dirname(file), blob), made);
  } catch {
    await link(blob, made).catch(() => copyFile(blob, made));
  }
  await replace(made, file);
}

/** Says which commit a branch or tag is. */
export async function writeReference(cache: string, { id, revision }: ModelId, commit: string): Promise<void> {
  if (revision === commit) return;
  const file = join(repositoryFolder(cache, id), 'refs', ...revision.split('/'));
  if (readReference(file) === commit) return;
  await mkdir(dirname(file), { recursive: true });
  const made = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(made, commit);
  await replace(made, file);
}

async function replace(made: string, file: string): Promise<void> {
  try {
    await rename(made, file);
  } finally {
    // Also there after a rename onto another hard link of the same file, which does nothing.
    await rm(made, { force: true });
  }
}

function readReference(file: string): string | undefined {
  try {
    const commit = readFileSync(file, 'utf8').trim();
    return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

/** Configuration and weights; a link that leads nowhere does not count. */
function isWhole(snapshot: string): boolean {
  const there = (name: string): boolean => existsSync(join(snapshot, name));
  if (!there('config.json')) return false;
  if (there('model.safetensors')) return true;
  if (there(INDEX)) return shardsOf(join(snapshot, INDEX)).every(there);
  return namesIn(snapshot).some((name) => name.endsWith('.safetensors') && there(name));
}

/** A name that cannot be there, where the index is unreadable. */
function shardsOf(index: string): string[] {
  try {
    const { weight_map: map } = JSON.parse(readFileSync(index, 'utf8')) as { readonly weight_map?: unknown };
    const names = [...new Set(Object.values(map ?? {}).map(String))];
    return names.length > 0 && names.every(isSafePath) ? names : [' '];
  } catch {
    return [' '];
  }
}

function findGguf(snapshot: string, file: string): string | undefined {
  const files = ggufsIn(snapshot);
  if (files.includes(file)) return file;
  const found = files.filter((name) => hasLabel(name, file));
  return found.length === 1 ? found[0] : undefined;
}

/** With the folders in the snapshot, by `/`. */
function ggufsIn(snapshot: string): string[] {
  return namesIn(snapshot, true)
    .map((name) => name.split(sep).join('/'))
    .filter((name) => /\.gguf$/i.test(name) && existsSync(join(snapshot, name)));
}

function byDefault(a: { readonly revision: string }, b: { readonly revision: string }): number {
  return Number(b.revision === DEFAULT_REVISION) - Number(a.revision === DEFAULT_REVISION);
}

function namesIn(folder: string, recursive = false): string[] {
  try {
    return readdirSync(folder, { recursive, encoding: 'utf8' }).sort();
  } catch {
    return [];
  }
}
