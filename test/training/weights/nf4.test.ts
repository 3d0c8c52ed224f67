import { describe, expect, it } from 'vitest';

import { NF4_VALUES, dynamicMap } from '../../../src/training/graph/nf4';
import { quantizeNf4, quantizeScales } from '../../../src/training/weights/nf4';
import { fromBase64, oracleJson } from './support';

interface Case {
  readonly count: number;
  readonly codes: string;
  readonly scales: string;
  readonly nestedCodes: string;
  readonly nestedScales: string;
  readonly offset: string;
  readonly decoded: string;
  readonly nestedDecoded: string;
}
const record = oracleJson<{ dynamicMap: string; generated: Case; special: Case & { weights: string } }>('nf4.json');
const floats = (text: string): Float32Array => new Float32Array(fromBase64(text));
const bytes = (text: string): Uint8Array => new Uint8Array(fromBase64(text));

describe('NF4 as bitsandbytes makes it', () => {
  it('the 8-bit type of the scales', () => {
    expect(dynamicMap()).toEqual(floats(record.dynamicMap));
  });

  it.each([
    ['19,200 numbers in 300 blocks', generated(record.generated.count), record.generated],
    ['ties, zeros, tiny numbers, a block that is not full', floats(record.special.weights), record.special],
  ])('%s: the same codes and scales, bit by bit', (_, weights, expected) => {
    const { codes, scales } = quantizeNf4(weights);
    expect(weights).toHaveLength(expected.count);
    const wanted = bytes(expected.codes);
    expect(codes.subarray(0, wanted.length)).toEqual(wanted);
    expect(scales).toEqual(floats(expected.scales));
    const values = floats(expected.decoded);
    expect(decoded(codes, scales).subarray(0, values.length)).toEqual(values);
  });

  it.each([
    ['generated', record.generated],
    ['special', record.special],
  ])('%s: the same codes of the scales', (_, expected) => {
    const scales = floats(expected.scales);
    const [offset] = floats(expected.offset);
    const quantized = quantizeScales(scales, offset!);
    expect(quantized.codes.subarray(0, scales.length)).toEqual(bytes(expected.nestedCodes));
    expect(quantized.scales).toEqual(floats(expected.nestedScales));
    const map = dynamicMap();
    const again = scales.map(
      (_scale, i) => Math.fround(map[quantized.codes[i]!]! * quantized.scales[i >> 8]!) + offset!,
    );
    expect(decoded(bytes(expected.codes), again)).toEqual(floats(expected.nestedDecoded));
  });

  it('the mean of the scales, but for the order of adding', () => {
    const { scales, offset } = record.generated;
    const [expected] = floats(offset);
    expect(Math.abs(quantizeScales(floats(scales)).offset / expected! - 1)).toBeLessThan(2e-7);
  });
});

/** As scripts/oracles/nf4.py makes them. */
function generated(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, (_, i) => {
    let total = 0;
    for (let k = 0; k < 3; k++) {
      state = (Math.imul(1664525, state) + 1013904223) >>> 0;
      total += (state >>> 8) - 2 ** 23;
    }
    return total * 2 ** (-30 - (Math.floor(i / 64) % 3));
  });
}

/** The first 512 numbers. */
function decoded(codes: Uint8Array, scales: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.min(512, 2 * codes.length, 64 * scales.length) }, (_, i) => {
    const pair = codes[i >> 1]!;
    return NF4_VALUES[i % 2 === 0 ? pair >> 4 : pair & 15]! * scales[i >> 6]!;
  });
}
