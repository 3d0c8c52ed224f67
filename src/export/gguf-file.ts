/** The bytes of a GGUF file (version 3, little endian), as github.com/ggml-org/ggml/blob/master/docs/gguf.md has them. */
import { ELEMENT_TYPES } from '../training/weights/element-types';
import { GGUF_TYPE_NAMES } from '../training/weights/gguf';
import { elementCount } from '../training/weights/tensor-info';

/** A value of the metadata with its type; a list is an array of that type. */
export type GgufEntry = readonly [key: string, ...value: TypedValue];

type TypedValue =
  | readonly ['uint32' | 'int32' | 'float32', number | readonly number[]]
  | readonly ['bool', boolean | readonly boolean[]]
  | readonly ['string', string | readonly string[]];

export interface GgufTensorHead {
  readonly name: string;
  /** A name in `ELEMENT_TYPES`. */
  readonly type: string;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
}

/** Tensors begin at multiples of this, and the file ends at one. */
export const GGUF_ALIGNMENT = 32;

const aligned = (bytes: number): number => Math.ceil(bytes / GGUF_ALIGNMENT) * GGUF_ALIGNMENT;

/** All before the first tensor; behind it they come in their order, each filled up with zeros to the alignment. */
export function ggufHeader(metadata: readonly GgufEntry[], tensors: readonly GgufTensorHead[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(metadata.length)];
  for (const [key, type, value] of metadata) parts.push(text(key), typed(type, value));
  let offset = 0;
  for (const tensor of tensors) {
    const type = GGUF_TYPE_NAMES.indexOf(tensor.type);
    const sizes = [...tensor.shape].reverse().map(uint64);
    parts.push(text(tensor.name), uint32(sizes.length), ...sizes, uint32(type), uint64(offset));
    offset += paddedBytes(tensor);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, aligned(length));
}

/** Of a tensor in the file, with the zeros behind it. */
export const paddedBytes = (tensor: Pick<GgufTensorHead, 'type' | 'shape'>): number => aligned(tensorBytes(tensor));

export function tensorBytes({ type, shape }: Pick<GgufTensorHead, 'type' | 'shape'>): number {
  const { blockElements, blockBytes } = ELEMENT_TYPES.get(type)!;
  return (elementCount(shape) / blockElements) * blockBytes;
}

const TYPE_NUMBERS = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8 } as const;
const ARRAY = 9;

function typed(type: TypedValue[0], value: TypedValue[1]): Uint8Array {
  const number = uint32(TYPE_NUMBERS[type]);
  if (!Array.isArray(value)) return Buffer.concat([number, scalar(type, value as number | boolean | string)]);
  const items = value as readonly (number | boolean | string)[];
  return Buffer.concat([uint32(ARRAY), number, uint64(items.length)].concat(items.map((item) => scalar(type, item))));
}

function scalar(type: TypedValue[0], value: number | boolean | string): Uint8Array {
  if (type === 'string') return text(String(value));
  if (type === 'bool') return Uint8Array.of(value ? 1 : 0);
  const bytes = Buffer.alloc(4);
  if (type === 'uint32') bytes.writeUInt32LE(Number(value));
  else if (type === 'int32') bytes.writeInt32LE(Number(value));
  else bytes.writeFloatLE(Number(value));
  return bytes;
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
