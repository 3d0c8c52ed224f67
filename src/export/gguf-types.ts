/** The types that GGUF files are written in: which tensor gets which, and how numbers become its blocks. */
import { float32ToFloat16 } from '../training/weights/float16';
import { quantizeQ6_K } from './gguf-q6k';

export const GGUF_TYPES = ['F32', 'F16', 'Q8_0', 'Q4_0'] as const;
export type GgufType = (typeof GGUF_TYPES)[number];
/** Written by llama.cpp's quantiser, where it is there. */
export const QUANTIZER_TYPES = ['Q4_K_S', 'Q4_K_M', 'Q5_K_S', 'Q5_K_M', 'Q6_K'] as const;
export type QuantizerType = (typeof QUANTIZER_TYPES)[number];

export function isQuantizerType(type: string): type is QuantizerType {
  return (QUANTIZER_TYPES as readonly string[]).includes(type);
}

/** Also of single tensors within a file of another type. */
export type GgufTensorType = GgufType | 'Q6_K';

/** `general.file_type` of llama.cpp (`llama_ftype`). */
export const FILE_TYPES: Readonly<Record<GgufType, number>> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7 };

const BLOCK = 32;

/**
 * The type of a tensor in a file of the wanted type, as llama.cpp's converter and quantiser choose it: vectors, norms and
 * positions stay in F32; the matrix of the output (or the embedding where both are one) has 6 bits in a file of 4, or 8
 * where its rows are no whole blocks of 256; rows that are no whole blocks of 32 stay in F16.
 */
export function typeOf(
  name: string,
  shape: readonly number[],
  wanted: GgufType,
  { tied }: { readonly tied: boolean },
): GgufTensorType {
  if (shape.length < 2 || name.endsWith('_norm.weight') || name === 'position_embd.weight') return 'F32';
  if (wanted === 'F32' || wanted === 'F16') return wanted;
  const width = shape.at(-1)!;
  if (width % BLOCK !== 0) return 'F16';
  const isOutput = name === (tied ? 'token_embd.weight' : 'output.weight');
  if (wanted === 'Q8_0' || !isOutput) return wanted;
  return width % 256 === 0 ? 'Q6_K' : 'Q8_0';
}

/** The numbers as the file has them, a few megabytes at a time; a part is valid until the next one is asked for. */
export function* encoded(numbers: Float32Array, type: GgufTensorType): Generator<Uint8Array> {
  if (type === 'F32') {
    yield new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    return;
  }
  for (let at = 0; at < numbers.length; at += PART) yield ENCODERS[type](numbers.subarray(at, at + PART));
}

const PART = 1 << 20;

const ENCODERS: Readonly<Record<Exclude<GgufTensorType, 'F32'>, (numbers: Float32Array) => Uint8Array>> = {
  F16: (numbers) => {
    const bits = new Uint16Array(numbers.length);
    float32ToFloat16(numbers, bits);
    return new Uint8Array(bits.buffer);
  },
  Q8_0: quantizeQ8_0,
  Q4_0: quantizeQ4_0,
  Q6_K: quantizeQ6_K,
};

/** ggml's `quantize_row_q8_0_ref`: scale = largest magnitude / 127 (float16), then 32 signed bytes. */
function quantizeQ8_0(numbers: Float32Array): Uint8Array {
  const blocks = numbers.length / BLOCK;
  const bytes = new Uint8Array(blocks * 34);
  const scales = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const values = numbers.subarray(block * BLOCK, (block + 1) * BLOCK);
    let largest = 0;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    scales[block] = scale;
    for (let j = 0; j < BLOCK; j++) bytes[block * 34 + 2 + j] = roundAway(Math.fround(values[j]! * inverse));
  }
  return withScales(bytes, scales, 34);
}

/**
 * ggml's `quantize_row_q4_0_ref`: scale = the number of the largest magnitude / −8 (float16), then 16 bytes: the low halves
 * are the first 16 numbers.
 */
function quantizeQ4_0(numbers: Float32Array): Uint8Array {
  const blocks = numbers.length / BLOCK;
  const bytes = new Uint8Array(blocks * 18);
  const scales = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const values = numbers.subarray(block * BLOCK, (block + 1) * BLOCK);
    let largest = 0;
    for (const value of values) if (Math.abs(value) > Math.abs(largest)) largest = value;
    const scale = Math.fround(largest / -8);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    scales[block] = scale;
    const code = (j: number): number => Math.min(15, Math.trunc(Math.fround(Math.fround(values[j]! * inverse) + 8.5)));
    for (let j = 0; j < 16; j++) bytes[block * 18 + 2 + j] = code(j) | (code(j + 16) << 4);
  }
  return withScales(bytes, scales, 18);
}

/** C's roundf: halves away from zero. */
function roundAway(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}

/** Writes the scale of every block into its first two bytes. */
function withScales(bytes: Uint8Array, scales: Float32Array, blockBytes: number): Uint8Array {
  const bits = new Uint16Array(scales.length);
  float32ToFloat16(scales, bits);
  bits.forEach((half, block) => {
    bytes[block * blockBytes] = half & 255;
    bytes[block * blockBytes + 1] = half >> 8;
  });
  return bytes;
}
