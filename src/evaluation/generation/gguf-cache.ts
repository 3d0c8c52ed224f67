/**
 * Models as GGUF files for llama.cpp, in the user's folder: written once, used by base and adapters alike. The oldest ones
 * go when the folder grows too large; all of them may be removed at any time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type GgufOptions, writeGguf } from '../../export/gguf';
import { userFolder } from '../../training/devices/user-folder';
import { elementCount } from '../../training/weights/tensor-info';
import type { Subject } from '../subject';

/** Part of the names: a file of another version of the writer is not used. */
const WRITER = 1;
const MOST_BYTES = 20e9;
/** A file that was opened so recently may be in use. */
const IN_USE_MS = 24 * 3600_000;
/** llama.cpp rounds what is multiplied with 16-bit weights to 16 bits, so that answers differ. Above, speed counts more. */
const LARGEST_F32_BYTES = 6e9;

export function ggufCacheFolder(): string {
  return join(userFolder(), 'gguf');
}

/** Size of all files in bytes. */
export function ggufCacheBytes(): number {
  return cachedFiles().reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * The model as a GGUF file with numbers as exact as they are affordable. Two processes may ask at once.
 * @param merged with the adapter in the weights
 * @throws what `writeGguf` throws
 */
export async function cachedGguf(
  subject: Subject,
  merged: boolean,
  { onProgress, signal }: Pick<GgufOptions, 'onProgress' | 'signal'>,
): Promise<string> {
  const type = elementsOf(subject) * 4 <= LARGEST_F32_BYTES ? 'F32' : 'F16';
  // Already in few bits: its weights in 16 would be no better, and several times as large.
  if (type === 'F16' && subject.model.kind === 'gguf' && !merged && !subject.nf4) return subject.model.path;
  const file = join(ggufCacheFolder(), `${keyOf(subject, merged)}-${type}.gguf`);
  if (existsSync(file)) {
    const now = new Date();
    utimesSync(file, now, now);
    return file;
  }
  mkdirSync(ggufCacheFolder(), { recursive: true });
  makeRoom();
  const draft = file.replace(/\.gguf$/, `.${process.pid}-${randomBytes(4).toString('hex')}.gguf`);
  await writeGguf(draft, subject, { type, merged, onProgress, signal });
  try {
    renameSync(draft, file);
  } catch (error) {
    // On Windows a file that another process has just written and opened cannot be replaced; it is the same.
    rmSync(draft, { force: true });
    if (!existsSync(file)) throw error;
  }
  return file;
}

function keyOf({ model, nf4, adapter }: Subject, merged: boolean): string {
  const hash = createHash('sha256').update(JSON.stringify([WRITER, model.hash(), nf4 ?? null, merged]));
  if (merged && adapter) {
    hash.update(JSON.stringify(adapter.lora));
    for (const { name, data } of adapter.parameters)
      hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex').slice(0, 32);
}

function elementsOf({ model }: Subject): number {
  return [...model.tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

interface CachedFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

function cachedFiles(): CachedFile[] {
  if (!existsSync(ggufCacheFolder())) return [];
  return readdirSync(ggufCacheFolder()).flatMap((name): CachedFile[] => {
    const path = join(ggufCacheFolder(), name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? [{ path, bytes: stat.size, usedMs: stat.mtimeMs }] : [];
  });
}

/** Removes what was not used for longest until the rest is small enough, and what a killed process left behind. */
function makeRoom(): void {
  const files = cachedFiles().sort((a, b) => a.usedMs - b.usedMs);
  let bytes = ggufCacheBytes();
  for (const file of files) {
    const old = Date.now() - file.usedMs > IN_USE_MS;
    const unfinished = /\.\d+-[0-9a-f]{8}\.gguf(?:\.partial)?$/.test(file.path);
    if (!old || (bytes <= MOST_BYTES && !unfinished)) continue;
    // Another process may hold it, on Windows.
    rmSync(file.path, { force: true, maxRetries: 1 });
    bytes -= file.bytes;
  }
}
