import type { ElementType } from './element-types';
import { float16Table } from './float16';

/** ggml's k-quants: blocks of 256 values, cut into groups that have their own small scale (and minimum). */
export const K_QUANTS: readonly (readonly [string, ElementType])[] = [
  ['Q2_K', { blockElements: 256, blockBytes: 84, decode: decodeQ2_K }],
  ['Q3_K', { blockElements: 256, blockBytes: 110, decode: decodeQ3_K }],
  ['Q4_K', { blockElements: 256, blockBytes: 144, decode: (bytes, target) => decodeQ45_K(bytes, target, false) }],
  ['Q5_K', { blockElements: 256, blockBytes: 176, decode: (bytes, target) => decodeQ45_K(bytes, target, true) }],
  ['Q6_K', { blockElements: 256, blockBytes: 210, decode: decodeQ6_K }],
];

/** 16 bytes of scale and minimum (4 bits each), 64 bytes of 2-bit values, scale and minimum of all (float16). */
function decodeQ2_K(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 84, out += 256) {
    const scale = half[bytes[at + 80]! | (bytes[at + 81]! << 8)]!;
    const minimum = half[bytes[at + 82]! | (bytes[at + 83]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const factor = scale * (bytes[at + group]! & 15);
      const offset = minimum * (bytes[at + group]! >> 4);
      // 8 groups share 32 bytes: the first and second half of them, at 4 bit positions.
      const from = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
      const shift = group & 6;
      for (let j = 0; j < 16; j++) target[out + group * 16 + j] = factor * ((bytes[from + j]! >> shift) & 3) - offset;
    }
  }
}

/** 32 bytes of third bits, 64 bytes of 2-bit values, 12 bytes of 6-bit scales (32 is zero), scale of all (float16). */
function decodeQ3_K(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 110, out += 256) {
    const scale = half[bytes[at + 108]! | (bytes[at + 109]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const packed = bytes[at + 96 + (group & 7)]!;
      const low = group < 8 ? packed & 15 : packed >> 4;
      const high = (bytes[at + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
      const factor = scale * ((low | (high << 4)) - 32);
      const inHalf = (group & 1) * 16;
      const from = at + 32 + (group >> 3) * 32 + inHalf;
      const shift = group & 6;
      const bit = group >> 1;
      for (let j = 0; j < 16; j++) {
        const third = (bytes[at + inHalf + j]! >> bit) & 1;
        target[out + group * 16 + j] = factor * (((bytes[from + j]! >> shift) & 3) - 4 + 4 * third);
      }
    }
  }
}

/** Scale and minimum of all (float16), 12 bytes of 6-bit scales and minima, in Q5_K 32 bytes of fifth bits, 128 bytes of halves. */
function decodeQ45_K(bytes: Uint8Array, target: Float32Array, fifth: boolean): void {
  const half = float16Table();
  const size = fifth ? 176 : 144;
  for (let at = 0, out = 0; at < bytes.length; at += size, out += 256) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const minimum = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    const scales = at + 4;
    for (let group = 0; group < 8; group++) {
      const [a, b] = [bytes[scales + group]!, bytes[scales + group + 4]!];
      const before = group < 4 ? 0 : bytes[scales + group - 4]!;
      const factor = scale * (group < 4 ? a & 63 : (b & 15) | ((before >> 6) << 4));
      const offset = minimum * (group < 4 ? b & 63 : (b >> 4) | ((a >> 6) << 4));
      const from = at + size - 128 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let j = 0; j < 32; j++) {
        const high = fifth ? ((bytes[at + 16 + j]! >> group) & 1) << 4 : 0;
        target[out + group * 32 + j] = factor * (((bytes[from + j]! >> shift) & 15) | high) - offset;
      }
    }
  }
}

/** 128 bytes of low halves, 64 bytes of upper 2 bits (32 is zero), 16 signed bytes of scales, scale of all (float16). */
function decodeQ6_K(bytes: Uint8Array, target: Float32Array): void {
  const half = float16Table();
  for (let at = 0, out = 0; at < bytes.length; at += 210, out += 256) {
    const scale = half[bytes[at + 208]! | (bytes[at + 209]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const factor = scale * ((bytes[at + 192 + group]! << 24) >> 24);
      const [side, quarter, inHalf] = [group >> 3, (group >> 1) & 3, (group & 1) * 16];
      const low = at + side * 64 + (quarter & 1) * 32 + inHalf;
      const high = at + 128 + side * 32 + inHalf;
      const lowShift = (quarter >> 1) * 4;
      const highShift = quarter * 2;
      for (let j = 0; j < 16; j++) {
        const value = ((bytes[low + j]! >> lowShift) & 15) | (((bytes[high + j]! >> highShift) & 3) << 4);
        target[out + group * 16 + j] = factor * (value - 32);
      }
    }
  }
}
