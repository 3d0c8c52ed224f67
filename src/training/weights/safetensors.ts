import * as fs from 'node:fs';

import type { Failure } from '../../common/failure';
import { ELEMENT_TYPES } from './element-types';
import { corruptFile, readExactly, truncated, withFile, writeFileAtomically, writeFileInParts } from './files';
import { float32ToBfloat16, float32ToFloat16 } from './float16';
import { checkRanges, elementCount, type TensorInfo } from './tensor-info';

export interface SafetensorsFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

export type FloatType = 'F32' | 'F16' | 'BF16';

export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: FloatType;
  readonly shape: readonly number[];
  /** Row-major values; a function is called when the tensor's turn comes, so that one tensor is held at a time. */
  readonly data: Float32Array | (() => Float32Array);
}

/**
 * Reads and checks the header; no weight is read. Fails with `weights-truncated` (expected and found sizes) or
 * `weights-corrupt` (the header contradicts itself), both naming the file.
 */
export function readSafetensorsHeader(path: string): SafetensorsFile {
  return withFile(path, (descriptor, size) => {
    const file = fs.realpathSync(path);
    if (size < 8) throw truncated(path, 8, size);
    const prefix = new Uint8Array(8);
    readExactly(descriptor, path, prefix, 0);
    const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
    if (length > MAX_HEADER || length < 2)
      throw corrupt(path, `its first 8 bytes announce a header of ${length} bytes`);
    if (8 + length > size) throw truncated(path, 8 + length, size);
    const bytes = new Uint8Array(length);
    readExactly(descriptor, path, bytes, 8);
    return { path, ...parseHeader(path, file, parseJson(path, bytes), 8 + length, size) };
  });
}

/**
 * Writes tensors in the layout of Hugging Face's own writer: header padded to 8 bytes, wide types first, then by
 * name, no gaps. The file appears under its name only when it is whole.
 */
export function writeSafetensors(
  path: string,
  entries: readonly SafetensorsEntry[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const { sorted, head, bytes } = layOut(entries, metadata);
  writeFileAtomically(path, bytes, (write) => {
    write(head);
    for (const entry of sorted) writeEntry(write, entry);
  });
}

/** The same for weights that take long: `after` is waited for behind every tensor, and may throw to stop it. */
export async function writeSafetensorsInParts(
  path: string,
  entries: readonly SafetensorsEntry[],
  metadata: Readonly<Record<string, string>>,
  after: (entry: SafetensorsEntry) => Promise<void>,
): Promise<void> {
  const { sorted, head, bytes } = layOut(entries, metadata);
  await writeFileInParts(path, bytes, async (write) => {
    write(head);
    for (const entry of sorted) {
      writeEntry(write, entry);
      await after(entry);
    }
  });
}

export function entryBytes({ shape, dtype }: Pick<SafetensorsEntry, 'shape' | 'dtype'>): number {
  return elementCount(shape) * width(dtype);
}

function layOut(
  entries: readonly SafetensorsEntry[],
  metadata: Readonly<Record<string, string>>,
): { readonly sorted: readonly SafetensorsEntry[]; readonly head: Buffer; readonly bytes: number } {
  const sorted = [...entries].sort(
    (a, b) => width(b.dtype) - width(a.dtype) || rank(a.dtype) - rank(b.dtype) || (a.name < b.name ? -1 : 1),
  );
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const entry of sorted) {
    const { name, dtype, shape } = entry;
    if (name in header) throw new Error(`Tensor "${name}" is written twice`);
    const end = offset + entryBytes(entry);
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8), 0);
  json.copy(head, 8);
  return { sorted, head, bytes: head.length + offset };
}

function writeEntry(write: (bytes: Uint8Array) => void, { name, shape, dtype, data: given }: SafetensorsEntry): void {
  const data = typeof given === 'function' ? given() : given;
  if (data.length !== elementCount(shape))
    throw new Error(`Tensor "${name}" has ${data.length} values, its shape ${shape.join('×')}`);
  writeValues(write, data, dtype);
}

/** The limit of Hugging Face's reader. */
const MAX_HEADER = 100_000_000;
const CHUNK_ELEMENTS = 1 << 20;

function writeValues(write: (bytes: Uint8Array) => void, data: Float32Array, dtype: FloatType): void {
  if (dtype === 'F32') {
    write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return;
  }
  const convert = dtype === 'F16' ? float32ToFloat16 : float32ToBfloat16;
  const chunk = new Uint16Array(Math.min(CHUNK_ELEMENTS, data.length));
  for (let i = 0; i < data.length; i += chunk.length) {
    const part = data.subarray(i, i + chunk.length);
    convert(part, chunk);
    write(new Uint8Array(chunk.buffer, 0, part.length * 2));
  }
}

function parseHeader(
  path: string,
  file: string,
  header: Readonly<Record<string, unknown>>,
  dataStart: number,
  size: number,
): { metadata: Record<string, string>; tensors: Map<string, TensorInfo> } {
  const metadata: Record<string, string> = {};
  const tensors = new Map<string, TensorInfo>();
  for (const [name, value] of Object.entries(header)) {
    if (!isRecord(value)) throw corrupt(path, `"${name}" in its header is not an object`);
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(value)) metadata[key] = String(text);
      continue;
    }
    const { dtype, shape, data_offsets: range } = value;
    const type = typeof dtype === 'string' ? ELEMENT_TYPES.get(dtype) : undefined;
    if (typeof dtype !== 'string' || type?.blockElements !== 1)
      throw corrupt(path, `tensor "${name}" has the unknown type ${JSON.stringify(dtype)}`);
    if (!isSizes(shape) || !Number.isSafeInteger(elementCount(shape) * 8))
      throw corrupt(path, `tensor "${name}" has the shape ${JSON.stringify(shape)}`);
    if (!isSizes(range) || range.length !== 2)
      throw corrupt(path, `tensor "${name}" has the byte range ${JSON.stringify(range)}`);
    const [begin, end] = range as [number, number];
    const bytes = elementCount(shape) * type.blockBytes;
    if (end - begin !== bytes)
      throw corrupt(
        path,
        `tensor "${name}" (${dtype} ${shape.join('×')}) needs ${bytes} bytes, its range has ${end - begin}`,
      );
    tensors.set(name, { name, dtype, shape, file, offset: dataStart + begin, bytes });
  }
  checkRanges('weights', path, tensors, size);
  return { metadata, tensors };
}

function corrupt(path: string, what: string): Failure {
  return corruptFile('weights', path, what);
}

function parseJson(path: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw corrupt(path, 'its header is not JSON');
  }
  if (!isRecord(header)) throw corrupt(path, 'its header is not a JSON object');
  return header;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function width(dtype: FloatType): number {
  return dtype === 'F32' ? 4 : 2;
}

/** Hugging Face puts F16 after BF16 in equal widths: its order of types, descending. */
function rank(dtype: FloatType): number {
  return dtype === 'BF16' ? 0 : 1;
}
