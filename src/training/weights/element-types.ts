import { bfloat16ToFloat32, float16ToFloat32 } from './float16';
import { QUANTIZED_TYPES } from './quantized-types';

/** How numbers of one type lie in a file. Elements come in blocks; plain types have blocks of one element. */
export interface ElementType {
  readonly blockElements: number;
  readonly blockBytes: number;
  /**
   * Turns whole blocks into float32. `bytes` starts at the start of its buffer, so it may be viewed as any type.
   * Absent: the type is known (its size is checked) but its values are not usable as weights.
   */
  readonly decode?: (bytes: Uint8Array, target: Float32Array) => void;
}

const plain = (bytes: number, decode?: ElementType['decode']): ElementType => ({
  blockElements: 1,
  blockBytes: bytes,
  ...(decode ? { decode } : {}),
});

/** By the names that safetensors and GGUF use. */
export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['F64', plain(8, (bytes, target) => target.set(new Float64Array(bytes.buffer, 0, target.length)))],
  ['F32', plain(4, (bytes, target) => target.set(new Float32Array(bytes.buffer, 0, target.length)))],
  ['F16', plain(2, (bytes, target) => float16ToFloat32(new Uint16Array(bytes.buffer, 0, target.length), target))],
  ['BF16', plain(2, (bytes, target) => bfloat16ToFloat32(new Uint16Array(bytes.buffer, 0, target.length), target))],
  ['F8_E5M2', plain(1)],
  ['F8_E4M3', plain(1)],
  ['F8_E8M0', plain(1)],
  ['BOOL', plain(1)],
  ['U8', plain(1)],
  ['I8', plain(1)],
  ['U16', plain(2)],
  ['I16', plain(2)],
  ['U32', plain(4)],
  ['I32', plain(4)],
  ['U64', plain(8)],
  ['I64', plain(8)],
  ['C64', plain(8)],
  ...QUANTIZED_TYPES,
]);

export const READABLE_TYPES: readonly string[] = [...ELEMENT_TYPES].filter(([, t]) => t.decode).map(([name]) => name);
