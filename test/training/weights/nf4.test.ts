import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { dynamicMap, nf4Names } from '../../../src/training/graph/nf4';
import { openBaseModel } from '../../../src/training/weights/base-model';
import { materializeWeights } from '../../../src/training/weights/materialize';
import { nf4Form, quantizeNf4, quantizeScales, throughNf4 } from '../../../src/training/weights/nf4';
import { fromBase64, oracle, oracleJson, temporaryFolder } from './support';

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

const folder = temporaryFolder();

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
    expect(throughNf4(weights, false).subarray(0, values.length)).toEqual(values);
    // The mean of the scales has another last bit.
    const nested = floats(expected.nestedDecoded);
    const largest = Math.max(...nested.map(Math.abs));
    throughNf4(weights, true).forEach((x, i) => {
      if (i < nested.length) expect(Math.abs(x - nested[i]!) / largest).toBeLessThan(1e-6);
    });
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
  });

  it('a weight that is no number spoils its block and no other', () => {
    const weights = generated(192);
    weights[100] = NaN;
    expect([...throughNf4(weights, false)].map(Number.isNaN).indexOf(true)).toBe(64);
    expect([...throughNf4(weights, false)].map(Number.isNaN).lastIndexOf(true)).toBe(127);
  });

  it('the mean of the scales, but for the order of adding', () => {
    const { scales, offset } = record.generated;
    const [expected] = floats(offset);
    expect(Math.abs(quantizeScales(floats(scales)).offset / expected! - 1)).toBeLessThan(2e-7);
  });
});

describe('a weight in NF4', () => {
  const names = nf4Names('w');
  it.each([
    [[24, 128], true, [0, 1536, 256, 4, 4]],
    [[24, 128], false, [0, 1536, 4 * 48]],
    // 1,610 numbers are 26 blocks, the last one not full.
    [[35, 46], true, [0, 832, 256, 4, 4]],
  ])('%j takes the bytes that it announces (double quantisation: %j)', (shape, double, sizes) => {
    const { tensors, encode } = nf4Form('w', shape, double);
    expect(tensors.map(({ bytes: size }) => size)).toEqual(sizes);
    const parts = encode(generated(shape[0]! * shape[1]!));
    expect(parts.map(({ byteLength }) => byteLength)).toEqual(sizes);
    expect(tensors.map(({ name }) => name)).toEqual(['w', ...Object.values(names)].slice(0, sizes.length));
  });

  it('is made of what a GGUF file holds', () => {
    const base = openBaseModel(oracle('llama.gguf'));
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const target = join(folder, 'weights');
    const formOf = (weight: string, shape: readonly number[]) =>
      weight === name ? nf4Form(weight, shape, true) : undefined;
    const places = materializeWeights(base, [name, 'model.norm.weight'], target, { formOf });
    const { offset, bytes: size, dataType } = places.get(nf4Names(name).codes)!;
    expect(dataType).toBe('uint8');
    const { codes } = quantizeNf4(base.readTensor(name));
    expect(new Uint8Array(readFileSync(target).subarray(offset, offset + size))).toEqual(codes);
    expect(places.get(name)!.dataType).toBe('nf4');
    expect(places.get('model.norm.weight')!.dataType).toBe('float32');
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
