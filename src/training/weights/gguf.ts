import * as fs from 'node:fs';

import { Failure } from '../../common/failure';
import { ELEMENT_TYPES, READABLE_TYPES } from './element-types';
import { corruptFile, withFile } from './files';
import { GgufCursor } from './gguf-cursor';
import { checkRanges, elementCount, type TensorInfo } from './tensor-info';

export type GgufValue = number | boolean | string | readonly GgufValue[];

export interface GgufFile {
  readonly path: string;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Names as in the file; shapes turned to row-major, outermost first (GGUF writes them innermost first). */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/**
 * Reads and checks the header of a GGUF file, version 2 or 3; no weight is read. Nothing is allocated by a count that
 * the rest of the file could not hold. Fails with `gguf-magic`, `gguf-version`, `gguf-truncated`, `gguf-corrupt` or
 * `gguf-type`, naming the file and, where there is one, the offset.
 */
export function readGguf(path: string): GgufFile {
  return withFile(path, (descriptor, size) => {
    const cursor = new GgufCursor(descriptor, path, size);
    const version = readVersion(cursor, path);
    const tensorCount = cursor.count('tensors', MIN_TENSOR_BYTES);
    const keyCount = cursor.count('metadata entries', MIN_KEY_BYTES);
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < keyCount; i++) {
      const key = cursor.string();
      if (metadata.has(key)) throw cursor.corrupt(`the metadata key "${key}" is there twice`);
      metadata.set(key, readValue(cursor, cursor.uint32(), 0));
    }
    const unplaced = Array.from({ length: tensorCount }, () => readTensorInfo(cursor));
    const alignment = metadata.get('general.alignment') ?? 32;
    if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 8 || alignment % 8 !== 0)
      throw corruptFile('gguf', path, `general.alignment is ${JSON.stringify(alignment)}`);
    const dataStart = Math.ceil(cursor.position / alignment) * alignment;
    return { path, version, metadata, tensors: place(path, unplaced, dataStart, alignment, size) };
  });
}

/** A name of 0 bytes, dimension count, one dimension, type, offset. */
const MIN_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;
/** A key of 0 bytes, type, one byte. */
const MIN_KEY_BYTES = 8 + 4 + 1;
const MAX_DIMENSIONS = 4;

/** ggml's names of tensor types by their number; those without a name were withdrawn. */
export const GGUF_TYPE_NAMES: readonly (string | undefined)[] = (
  'F32 F16 Q4_0 Q4_1 - - Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S ' +
  'IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 - - - TQ1_0 TQ2_0 - - - MXFP4'
)
  .split(' ')
  .map((name) => (name === '-' ? undefined : name));

function readVersion(cursor: GgufCursor, path: string): number {
  const magic = cursor.bytes(4, 'its first 4 bytes').toString('latin1');
  if (magic !== 'GGUF')
    throw new Failure(
      'gguf-magic',
      `${path} is not a GGUF file: it begins with ${JSON.stringify(magic)}.`,
      'Name a .gguf file or a Hugging Face folder.',
      2,
    );
  const version = cursor.uint32();
  if (version === 2 || version === 3) return version;
  const bigEndian = version % 65536 === 0;
  throw new Failure(
    'gguf-version',
    `${path} is ${bigEndian ? 'a big-endian GGUF file' : `a GGUF file of version ${version}`}; little-endian versions 2 and 3 are read.`,
    'Convert it with a current llama.cpp, or use the Hugging Face folder of the model.',
    2,
  );
}

function readValue(cursor: GgufCursor, type: number, depth: number): GgufValue {
  if (type === 9) {
    if (depth > 3) throw cursor.corrupt('arrays are nested too deeply');
    const itemType = cursor.uint32();
    const values: GgufValue[] = [];
    const length = cursor.count('array items', cursor.minimumSize(itemType));
    for (let i = 0; i < length; i++) values.push(readValue(cursor, itemType, depth + 1));
    return values;
  }
  return cursor.scalar(type);
}

interface UnplacedTensor {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
  readonly offset: number;
}

function readTensorInfo(cursor: GgufCursor): UnplacedTensor {
  const name = cursor.string();
  const dimensions = cursor.uint32();
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS)
    throw cursor.corrupt(`tensor "${name}" has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.uint64()).reverse();
  return { name, shape, type: cursor.uint32(), offset: cursor.uint64() };
}

function place(
  path: string,
  unplaced: readonly UnplacedTensor[],
  dataStart: number,
  alignment: number,
  size: number,
): Map<string, TensorInfo> {
  const file = fs.realpathSync(path);
  const tensors = new Map<string, TensorInfo>();
  for (const { name, type, shape, offset } of unplaced) {
    const dtype = GGUF_TYPE_NAMES[type] ?? `number ${type}`;
    const element = ELEMENT_TYPES.get(dtype);
    if (!element)
      throw new Failure(
        'gguf-type',
        `Tensor "${name}" in ${path} has the type ${dtype}, which is not readable.`,
        `Readable types are ${READABLE_TYPES.join(', ')}; use a file in one of them or the Hugging Face folder.`,
        2,
      );
    const count = elementCount(shape);
    const described = `tensor "${name}" (${dtype} ${shape.join('×')})`;
    if (!Number.isSafeInteger(count * 8)) throw corruptFile('gguf', path, `${described} is impossibly large`);
    if (shape.at(-1)! % element.blockElements !== 0)
      throw corruptFile('gguf', path, `${described} has rows that are no multiple of ${element.blockElements}`);
    if (tensors.has(name)) throw corruptFile('gguf', path, `tensor "${name}" is there twice`);
    if (offset % alignment !== 0) throw corruptFile('gguf', path, `${described} is not aligned to ${alignment} bytes`);
    const bytes = (count / element.blockElements) * element.blockBytes;
    tensors.set(name, { name, dtype, shape, file, offset: dataStart + offset, bytes });
  }
  checkRanges('gguf', path, tensors, size);
  return tensors;
}
