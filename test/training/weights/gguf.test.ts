import * as fs from 'node:fs';
import * as path from 'node:path';

import { describe, expect, test } from 'vitest';

import { createRandom } from '../../../src/common/random';
import { openBaseModel } from '../../../src/training/weights/base-model';
import { ELEMENT_TYPES } from '../../../src/training/weights/element-types';
import { readGguf } from '../../../src/training/weights/gguf';
import { failureOf, fromBase64, oracle, oracleJson, temporaryFolder } from './support';

const folder = temporaryFolder();

describe('quantised types', () => {
  const dumps = oracleJson<Record<string, { bytes: string; values: string }>>('quantized.json');
  test.each(Object.keys(dumps))('%s is decoded bit for bit as by the gguf package', (name) => {
    const bytes = new Uint8Array(fromBase64(dumps[name]!.bytes));
    const values = new Float32Array(fromBase64(dumps[name]!.values));
    const { decode, blockBytes, blockElements } = ELEMENT_TYPES.get(name)!;
    expect((bytes.length / blockBytes) * blockElements).toBe(values.length);
    const target = new Float32Array(values.length);
    decode!(bytes, target);
    expect(target).toEqual(values);
  });
});

/** Builds GGUF files piece by piece. */
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const header = (version: number, tensors: number | bigint, keys: number | bigint): Buffer =>
  Buffer.concat([Buffer.from('GGUF'), u32(version), u64(tensors), u64(keys)]);
const tensor = (name: string, shape: number[], type: number, offset: number): Buffer =>
  Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]);

function file(...parts: Buffer[]): string {
  const target = path.join(folder, 'made.gguf');
  fs.writeFileSync(target, Buffer.concat(parts));
  return target;
}

describe('header', () => {
  test('all metadata types of the file format, arrays of arrays too', () => {
    const value = (key: string, type: number, ...bytes: Buffer[]): Buffer =>
      Buffer.concat([text(key), u32(type), ...bytes]);
    const number = (size: number, write: (bytes: Buffer) => void): Buffer => {
      const bytes = Buffer.alloc(size);
      write(bytes);
      return bytes;
    };
    const target = file(
      header(2, 0, 14),
      value('u8', 0, Buffer.of(200)),
      value('i8', 1, Buffer.of(200)),
      value('u16', 2, Buffer.of(1, 255)),
      value('i16', 3, Buffer.of(1, 255)),
      value('u32', 4, u32(4e9)),
      value('i32', 5, u32(4294967295)),
      value(
        'f32',
        6,
        number(4, (b) => b.writeFloatLE(0.5)),
      ),
      value('bool', 7, Buffer.of(1)),
      value('string', 8, text('é')),
      value('array', 9, u32(9), u64(2), u32(0), u64(1), Buffer.of(7), u32(8), u64(1), text('x')),
      value('u64', 10, u64(2 ** 40)),
      value('i64', 11, u64(2n ** 64n - 3n)),
      value(
        'f64',
        12,
        number(8, (b) => b.writeDoubleLE(0.1)),
      ),
      value('empty', 9, u32(4), u64(0)),
    );
    expect(Object.fromEntries(readGguf(target).metadata)).toEqual({
      u8: 200,
      i8: -56,
      u16: 65281,
      i16: -255,
      u32: 4e9,
      i32: -1,
      f32: 0.5,
      bool: true,
      string: 'é',
      array: [[7], ['x']],
      u64: 2 ** 40,
      i64: -3,
      f64: 0.1,
      empty: [],
    });
  });

  const data = Buffer.alloc(256);
  test.each([
    ['another kind of file', 'gguf-magic', [Buffer.from('PK\u0003\u0004 and so on')], 'PK'],
    ['version 1', 'gguf-version', [header(1, 0, 0)], 'version 1'],
    ['big-endian', 'gguf-version', [Buffer.from('GGUF\0\0\0\u0003')], 'big-endian'],
    ['an absurd number of tensors', 'gguf-corrupt', [header(3, 2n ** 60n, 0)], 'impossible number'],
    ['more tensors than fit', 'gguf-truncated', [header(3, 1000, 0)], 'bytes are expected'],
    ['an absurd text', 'gguf-corrupt', [header(3, 0, 1), u64(2 ** 50), data], 'a text of'],
    ['an absurd array', 'gguf-corrupt', [header(3, 0, 1), text('a'), u32(9), u32(0), u64(2 ** 50)], 'array items'],
    ['an unknown metadata type', 'gguf-corrupt', [header(3, 0, 1), text('a'), u32(99), data], 'type 99'],
    [
      'a metadata key twice',
      'gguf-corrupt',
      [header(3, 0, 2), text('a'), u32(0), data.subarray(0, 1), text('a'), data],
      'twice',
    ],
    [
      'a tensor twice',
      'gguf-corrupt',
      [header(3, 2, 0), tensor('a', [4], 0, 0), tensor('a', [4], 0, 32), data],
      'twice',
    ],
    [
      'overlapping tensors',
      'gguf-corrupt',
      [header(3, 2, 0), tensor('a', [32], 0, 0), tensor('b', [4], 0, 32), data],
      'overlap',
    ],
    ['a misaligned tensor', 'gguf-corrupt', [header(3, 1, 0), tensor('a', [4], 0, 4), data], 'aligned'],
    [
      'a row that is no multiple of a block',
      'gguf-corrupt',
      [header(3, 1, 0), tensor('a', [33, 2], 8, 0), data],
      'multiple of 32',
    ],
    [
      'an impossible shape',
      'gguf-corrupt',
      [header(3, 1, 0), tensor('a', [2 ** 40, 2 ** 40], 0, 0), data],
      'impossibly large',
    ],
    ['no dimension', 'gguf-corrupt', [header(3, 1, 0), tensor('a', [], 0, 0), data], '0 dimensions'],
    ['a type that is not read', 'gguf-type', [header(3, 1, 0), tensor('a', [256], 16, 0), data], 'IQ2_XXS'],
    ['a type nobody knows', 'gguf-type', [header(3, 1, 0), tensor('a', [256], 77, 0), data], 'number 77'],
    ['weights that are cut off', 'gguf-truncated', [header(3, 1, 0), tensor('a', [256], 0, 0), data], 'cut off'],
  ])('%s is a failure', (_, code, parts, message) => {
    const target = file(...parts);
    const failure = failureOf(() => readGguf(target));
    expect(failure).toMatchObject({ code, exitCode: 2 });
    expect(failure.message).toContain(target);
    expect(failure.message).toContain(message);
  });

  test.each([
    [16, 'IQ2_XXS'],
    [17, 'IQ2_XS'],
    [18, 'IQ3_XXS'],
    [19, 'IQ1_S'],
    [20, 'IQ4_NL'],
    [21, 'IQ3_S'],
    [22, 'IQ2_S'],
    [23, 'IQ4_XS'],
    [29, 'IQ1_M'],
    [39, 'MXFP4'],
  ])('type %i is refused as %s', (type, name) => {
    const failure = failureOf(() => readGguf(file(header(3, 1, 0), tensor('a', [256], type, 0), data)));
    expect(failure).toMatchObject({ code: 'gguf-type', exitCode: 2 });
    expect(failure.message).toContain(`has the type ${name},`);
  });

  test('the failure about an unreadable type names the readable ones', () => {
    const target = file(header(3, 1, 0), tensor('a', [256], 16, 0), data);
    expect(failureOf(() => readGguf(target)).hint).toMatch(/F16.*Q8_0.*Q4_K/);
  });
});

describe('damaged files', () => {
  const whole = fs.readFileSync(oracle('llama.gguf'));
  const target = path.join(folder, 'damaged.gguf');
  const random = createRandom(7);

  test('a file cut anywhere is a failure', () => {
    const lengths = [
      ...Array.from({ length: 100 }, (_, i) => i),
      ...Array.from({ length: 200 }, () => random.integer(whole.length)),
      whole.length - 1,
    ];
    const wrong = [];
    for (const length of lengths) {
      fs.writeFileSync(target, whole.subarray(0, length));
      const { code, message } = failureOf(() => readGguf(target));
      if (code !== 'gguf-truncated' || !message.includes(target)) wrong.push({ length, code, message });
    }
    expect(wrong).toEqual([]);
    expect(failureOf(() => openBaseModel(target)).code).toBe('gguf-truncated');
  });

  test('a file with changed bytes is opened or is a failure, never a crash', () => {
    const metadataEnd = whole.indexOf('token_embd.weight');
    for (let i = 0; i < 120; i++) {
      const bytes = Buffer.from(whole);
      const start = i % 2 === 0 ? 0 : metadataEnd - 100;
      for (let j = 0; j <= i % 3; j++) bytes[start + random.integer(1500)] = random.integer(256);
      fs.writeFileSync(target, bytes);
      try {
        const model = openBaseModel(target);
        for (const name of model.tensors.keys()) model.readTensor(name);
      } catch (error) {
        expect(error).toMatchObject({ name: 'Failure', exitCode: 2 });
      }
    }
  });
});
