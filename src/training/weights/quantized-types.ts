import type { ElementType } from './element-types';
import { float16Table } from './float16';
import { K_QUANTS } from './k-quants';

/**
 * The block-quantised types of ggml. Formulas and bit layouts are those of ggml's reference dequantisation; results
 * are equal to it bit by bit, since every product here is exact and only the last addition rounds.
 */
export const QUANTIZED_TYPES: readonly (readonly [string, ElementType])[] = [
  ['Q8_0', { blockElements: 32, blockBytes: 34, decode: decodeQ8_0 }],
  ['Q4_0', { blockElements: 32, blockBytes: 18, decode: decodeQ4_0 }],
  ['Q4_1', { blockElements: 32, blockBytes: 20, decode: decodeQ4_1 }],
  ['Q5_0', { blockElements: 32, blockBytes: 22, decode: decodeQ5_0 }],
  ['Q5_1', { blockElements: 32, blockBytes: 24, decode: decodeQ5_1 }],
  ...K_QUANTS,
];

/** Scale (float16), 32 signed bytes. */
function decodeQ8_0(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 34, out += 32) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let j = 0; j < 32; j++) target[out + j] = scale * ((bytes[at + 2 + j]! << 24) >> 24);
  }
}

/** Scale (float16), 16 bytes; low halves are the first 16 values, high halves the last 16; 8 is zero. */
function decodeQ4_0(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 18, out += 32) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let j = 0; j < 16; j++) {
      const pair = bytes[at + 2 + j]!;
      target[out + j] = scale * ((pair & 15) - 8);
      target[out + 16 + j] = scale * ((pair >> 4) - 8);
    }
  }
}

/** Scale and minimum (float16), 16 bytes of halves as in Q4_0. */
function decodeQ4_1(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 20, out += 32) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const minimum = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    for (let j = 0; j < 16; j++) {
      const pair = bytes[at + 4 + j]!;
      target[out + j] = scale * (pair & 15) + minimum;
      target[out + 16 + j] = scale * (pair >> 4) + minimum;
    }
  }
}

/** Scale (float16), 32 fifth bits, 16 bytes of halves as in Q4_0; 16 is zero. */
function decodeQ5_0(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 22, out += 32) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let j = 0; j < 32; j++) target[out + j] = scale * (fiveBits(bytes, at + 2, j) - 16);
  }
}

/** Scale and minimum (float16), 32 fifth bits, 16 bytes of halves. */
function decodeQ5_1(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 24, out += 32) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const minimum = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    for (let j = 0; j < 32; j++) target[out + j] = scale * fiveBits(bytes, at + 4, j) + minimum;
  }
}

/** The value of number `j`: its fifth bit is in the 4 bytes at `at`, the other four in the 16 bytes after them. */
function fiveBits(bytes: Uint8Array, at: number, j: number): number {
  const pair = bytes[at + 4 + (j & 15)]!;
  return (j < 16 ? pair & 15 : pair >> 4) | (((bytes[at + (j >> 3)]! >> (j & 7)) & 1) << 4);
}
