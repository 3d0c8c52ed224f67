import { createHash } from 'node:crypto';

import { readExactly, withFile } from './files';
import type { TensorInfo } from './tensor-info';

/** Bytes taken at the head, in the middle and at the tail of every tensor. */
const SAMPLE = 4096;
/** Written by whoever saved the model; they say nothing about it. */
const VOLATILE = new Set(['_name_or_path', 'transformers_version', '_commit_hash']);

/**
 * Tells base models apart: sha256 over the configuration (keys sorted), every tensor's name, type, shape and size
 * (sorted by name), and 4 KB from the head, the middle and the tail of each tensor (all of it up to 12 KB).
 * File names, sharding and offsets do not count. A change that touches only unsampled bytes is not seen; training
 * and quantising change all of them.
 */
export function hashModel(config: Readonly<Record<string, unknown>>, tensors: ReadonlyMap<string, TensorInfo>): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(config, sortedKeys));
  const byFile = new Map<string, TensorInfo[]>();
  const sorted = [...tensors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, dtype, shape, bytes } of sorted) hash.update(`\n${name} ${dtype} ${shape.join('x')} ${bytes}`);
  for (const tensor of sorted) byFile.set(tensor.file, [...(byFile.get(tensor.file) ?? []), tensor]);
  const samples = new Map<string, Buffer>();
  for (const [file, list] of byFile)
    withFile(file, (descriptor) => {
      for (const tensor of list) samples.set(tensor.name, sample(descriptor, tensor));
    });
  for (const { name } of sorted) hash.update(samples.get(name)!);
  return hash.digest('hex');
}

function sample(descriptor: number, { file, offset, bytes }: TensorInfo): Buffer {
  const parts =
    bytes <= 3 * SAMPLE
      ? [{ at: 0, length: bytes }]
      : [0, Math.floor((bytes - SAMPLE) / 2), bytes - SAMPLE].map((at) => ({ at, length: SAMPLE }));
  return Buffer.concat(
    parts.map(({ at, length }) => {
      const buffer = Buffer.alloc(length);
      readExactly(descriptor, file, buffer, offset + at);
      return buffer;
    }),
  );
}

function sortedKeys(key: string, value: unknown): unknown {
  if (VOLATILE.has(key)) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
