/**
 * Conversion between float32 and the two 16-bit float types of weight files, by whole arrays.
 * To 16 bits: round to nearest, ties to even, as PyTorch and numpy do. NaN stays NaN.
 */

export function float16ToFloat32(source: Uint16Array, target: Float32Array): void {
  const table = float16Table();
  for (let i = 0; i < source.length; i++) target[i] = table[source[i]!]!;
}

export function bfloat16ToFloat32(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, source.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
}

export function float32ToFloat16(source: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > 0x7f800000) target[i] = sign | 0x7e00;
    else if (magnitude >= 0x47800000) target[i] = sign | 0x7c00;
    // Below 2^-14 the result is subnormal: a multiple of 2^-24. Adding 0.5 makes that the last bit of a float32.
    else if (magnitude < 0x38800000) target[i] = sign | subnormal(Math.abs(source[i]!));
    else target[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
}

export function float32ToBfloat16(source: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i]!;
    target[i] =
      (value & 0x7fffffff) > 0x7f800000 ? (value >>> 16) | 0x40 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
}

/** Every float16 value by its bits (256 KB). */
export function float16Table(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let i = 0; i < 65536; i++) {
    const exponent = (i >>> 10) & 31;
    const fraction = i & 1023;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Infinity
            : NaN
          : (1024 + fraction) * 2 ** (exponent - 25);
    table[i] = i & 0x8000 ? -magnitude : magnitude;
  }
  return table;
}

let table: Float32Array | undefined;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function subnormal(magnitude: number): number {
  scratch[0] = magnitude + 0.5;
  return scratchBits[0]! - 0x3f000000;
}
