/**
 * ggml's Q6_K (`quantize_row_q6_K_ref`), in which llama.cpp keeps the matrix of the output in files of 4 bits. Every step
 * is rounded to float32, as there.
 */
import { float16Table, float32ToFloat16 } from '../training/weights/float16';

const BLOCK = 256;
const GROUP = 16;
const BYTES = 210;
/** Codes are −32 … 31. */
const LIMIT = 32;
const SMALLEST = Math.fround(1e-15);
const round = Math.fround;

/** Each block of 256: 128 bytes of low halves, 64 of upper 2 bits, 16 signed scales, scale of all (float16). */
export function quantizeQ6_K(numbers: Float32Array): Uint8Array {
  const blocks = numbers.length / BLOCK;
  const bytes = new Uint8Array(blocks * BYTES);
  const codes = new Int8Array(BLOCK);
  for (let block = 0; block < blocks; block++)
    writeBlock(
      numbers.subarray(block * BLOCK, (block + 1) * BLOCK),
      codes,
      bytes.subarray(block * BYTES, (block + 1) * BYTES),
    );
  return bytes;
}

function writeBlock(values: Float32Array, codes: Int8Array, target: Uint8Array): void {
  const scales = new Float32Array(BLOCK / GROUP);
  let largest = 0;
  for (let group = 0; group < scales.length; group++) {
    const part = codes.subarray(group * GROUP, (group + 1) * GROUP);
    scales[group] = bestScale(values.subarray(group * GROUP, (group + 1) * GROUP), part);
    if (Math.abs(scales[group]!) > Math.abs(largest)) largest = scales[group]!;
  }
  if (Math.abs(largest) < SMALLEST) return;
  const inverse = round(-128 / largest);
  const half = new Uint16Array(1);
  float32ToFloat16(Float32Array.of(1 / inverse), half);
  const whole = float16Table()[half[0]!]!;
  target[208] = half[0]! & 255;
  target[209] = half[0]! >> 8;
  for (let group = 0; group < scales.length; group++) {
    const scale = Math.min(127, nearest(round(inverse * scales[group]!)));
    target[192 + group] = scale;
    const step = round(whole * scale);
    if (step === 0) continue;
    for (let i = group * GROUP; i < (group + 1) * GROUP; i++) codes[i] = clamp(nearest(round(values[i]! / step)));
  }
  pack(codes, target);
}

function pack(codes: Int8Array, target: Uint8Array): void {
  const code = (at: number): number => codes[at]! + LIMIT;
  for (let side = 0; side < 2; side++)
    for (let i = 0; i < 32; i++) {
      const at = side * 128 + i;
      const [a, b, c, d] = [code(at), code(at + 32), code(at + 64), code(at + 96)];
      target[side * 64 + i] = (a & 15) | ((c & 15) << 4);
      target[side * 64 + 32 + i] = (b & 15) | ((d & 15) << 4);
      target[128 + side * 32 + i] = (a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((d >> 4) << 6);
    }
}

/** ggml's `make_qx_quants`: of 19 scales around the plain one that with the least squared error, weighted by the squares. */
function bestScale(values: Float32Array, codes: Int8Array): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(largest)) largest = value;
  codes.fill(-LIMIT);
  if (Math.abs(largest) < SMALLEST) return 0;
  let scale = 0;
  let best = -1;
  for (const shift of SHIFTS) {
    const inverse = round(-round(LIMIT + round(TENTH * shift)) / largest);
    let products = 0;
    let squares = 0;
    for (let i = 0; i < GROUP; i++) {
      const value = values[i]!;
      const code = clamp(nearest(round(inverse * value)));
      const weight = round(value * value);
      products = round(products + round(round(weight * value) * code));
      squares = round(squares + round(round(weight * code) * code));
    }
    const isFirst = shift === 0;
    if (!isFirst && !(squares > 0 && round(products * products) > round(best * squares))) continue;
    for (let i = 0; i < GROUP; i++) codes[i] = clamp(nearest(round(inverse * values[i]!)));
    scale = squares === 0 ? 0 : round(products / squares);
    best = round(scale * products);
  }
  return scale;
}

const TENTH = round(0.1);
const SHIFTS = [0, ...Array.from({ length: 19 }, (_, i) => i - 9).filter((shift) => shift !== 0)];

/** Halves to even, by the bits of a float32. */
function nearest(value: number): number {
  return round(value + 12_582_912) - 12_582_912;
}

function clamp(code: number): number {
  return Math.max(-LIMIT, Math.min(LIMIT - 1, code));
}
