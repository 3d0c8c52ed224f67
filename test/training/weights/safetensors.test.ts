import * as fs from 'node:fs';
import * as path from 'node:path';

import { describe, expect, test } from 'vitest';

import { createRandom } from '../../../src/common/random';
import { readSafetensorsHeader, writeSafetensors, type FloatType } from '../../../src/training/weights/safetensors';
import { readFloats } from '../../../src/training/weights/tensor-info';
import { failureOf, oracle, oracleJson, temporaryFolder } from './support';

const folder = temporaryFolder();
const expected = oracleJson<Record<string, { dtype: string; shape: number[]; values: number[] }>>('floats.json');
const TYPES: Readonly<Record<string, FloatType>> = {
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
};

/** A file with the given header and number of data bytes. */
function file(header: unknown, dataBytes: number): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  const target = path.join(folder, 'made.safetensors');
  fs.writeFileSync(target, Buffer.concat([prefix, json, Buffer.alloc(dataBytes)]));
  return target;
}

describe('reading', () => {
  test("a file of Hugging Face's writer, all float types", () => {
    const { tensors, metadata } = readSafetensorsHeader(oracle('floats.safetensors'));
    expect(metadata).toEqual({ format: 'pt' });
    expect([...tensors.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [name, { dtype, shape, values }] of Object.entries(expected)) {
      const info = tensors.get(name)!;
      expect(info).toMatchObject({ name, dtype: TYPES[dtype], shape });
      expect([...readFloats(info)]).toEqual(values);
    }
  });

  test('float64 is rounded, integers are no weights', () => {
    const { tensors } = readSafetensorsHeader(oracle('other-types.safetensors'));
    expect([...readFloats(tensors.get('wide')!)]).toEqual([Math.fround(0.1), -2.5]);
    expect(failureOf(() => readFloats(tensors.get('steps')!))).toMatchObject({ code: 'weights-type', exitCode: 2 });
  });

  test('a file cut anywhere is a failure that tells the sizes', () => {
    const whole = fs.readFileSync(oracle('other-types.safetensors'));
    const target = path.join(folder, 'cut.safetensors');
    const wrong = [];
    for (let length = 0; length < whole.length; length++) {
      fs.writeFileSync(target, whole.subarray(0, length));
      const { code, exitCode, message } = failureOf(() => readSafetensorsHeader(target));
      const named = message.includes(target) && message.includes(` ${length} are there`);
      if (code !== 'weights-truncated' || exitCode !== 2 || !named) wrong.push({ length, message });
    }
    expect(wrong).toEqual([]);
    expect(failureOf(() => readSafetensorsHeader(target)).message).toContain(`${whole.length} bytes are expected`);
  });

  test('a file with any byte changed is read or is a failure, never a crash', () => {
    const whole = fs.readFileSync(oracle('floats.safetensors'));
    const target = path.join(folder, 'changed.safetensors');
    const random = createRandom(1);
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(whole);
      bytes[random.integer(400)] = random.integer(256);
      fs.writeFileSync(target, bytes);
      try {
        for (const info of readSafetensorsHeader(target).tensors.values()) readFloats(info);
      } catch (error) {
        expect(error).toMatchObject({ name: 'Failure', exitCode: 2 });
      }
    }
  });

  test.each([
    ['a header that is no JSON', '{"a":', 0, 'not JSON'],
    ['a header that is no object', '[1, 2]', 0, 'not a JSON object'],
    ['an unknown type', { a: { dtype: 'F4', shape: [2], data_offsets: [0, 1] } }, 1, '"F4"'],
    ['a shape that is no list of sizes', { a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }, 4, '[-1]'],
    ['a range of another size', { a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, 4, 'needs 8 bytes'],
    [
      'overlapping tensors',
      {
        a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
        b: { dtype: 'F32', shape: [2], data_offsets: [4, 12] },
      },
      12,
      '"a" and "b" overlap',
    ],
    [
      'an impossible shape',
      { a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } },
      4,
      'has the shape',
    ],
  ])('%s is a failure', (_, header, dataBytes, message) => {
    const failure = failureOf(() => readSafetensorsHeader(file(header, dataBytes)));
    expect(failure).toMatchObject({ code: 'weights-corrupt', exitCode: 2 });
    expect(failure.message).toContain(message);
  });

  test('an absurd header length is not allocated', () => {
    const target = path.join(folder, 'absurd.safetensors');
    fs.writeFileSync(target, Buffer.alloc(64, 0xff));
    expect(failureOf(() => readSafetensorsHeader(target)).code).toBe('weights-corrupt');
  });

  test('offsets beyond four gigabytes', () => {
    const shape = [3, 2 ** 29];
    const start = 4 * shape[0]! * shape[1]!;
    const header = {
      a: { dtype: 'F32', shape, data_offsets: [0, start] },
      b: { dtype: 'F32', shape: [2], data_offsets: [start, start + 8] },
    };
    const target = file(header, 0);
    const dataStart = fs.statSync(target).size;
    // Sparse: no disk space is taken.
    fs.truncateSync(target, dataStart + start + 8);
    const descriptor = fs.openSync(target, 'r+');
    fs.writeSync(descriptor, Float32Array.of(1, -2), 0, 8, dataStart + start);
    fs.closeSync(descriptor);
    expect([...readFloats(readSafetensorsHeader(target).tensors.get('b')!)]).toEqual([1, -2]);
  });

  test('a missing file is a failure', () => {
    expect(failureOf(() => readSafetensorsHeader(path.join(folder, 'nowhere'))).code).toBe('file-unreadable');
  });
});

describe('writing', () => {
  const entries = Object.entries(expected).map(([name, { dtype, shape, values }]) => ({
    name,
    dtype: TYPES[dtype]!,
    shape,
    data: (): Float32Array => Float32Array.from(values),
  }));

  test("gives byte for byte what Hugging Face's writer gives", () => {
    const target = path.join(folder, 'ours.safetensors');
    writeSafetensors(target, entries, { format: 'pt' });
    expect(fs.readFileSync(target).equals(fs.readFileSync(oracle('floats.safetensors')))).toBe(true);
    expect(fs.readdirSync(folder)).not.toContain('ours.safetensors.partial');
  });

  test('an error on the way leaves the old file and no partial one', () => {
    const target = path.join(folder, 'kept.safetensors');
    writeSafetensors(target, [{ name: 'a', dtype: 'F32', shape: [1], data: Float32Array.of(1) }]);
    const failing = (): Float32Array => {
      throw new Error('no data');
    };
    expect(() => writeSafetensors(target, [{ name: 'a', dtype: 'F32', shape: [1], data: failing }])).toThrow('no data');
    expect([...readFloats(readSafetensorsHeader(target).tensors.get('a')!)]).toEqual([1]);
    expect(fs.existsSync(`${target}.partial`)).toBe(false);
  });

  test.skipIf(process.platform !== 'linux')('a full disk is a failure that says how much is needed', () => {
    const target = path.join(folder, 'full.safetensors');
    fs.symlinkSync('/dev/full', `${target}.partial`);
    const failure = failureOf(() => writeSafetensors(target, entries));
    expect(failure).toMatchObject({ code: 'disk-full', exitCode: 1 });
    expect(failure.message).toMatch(new RegExp(`${target} needs \\d+ bytes .* are free`));
    expect(fs.existsSync(target) || fs.existsSync(`${target}.partial`)).toBe(false);
  });

  test('a folder that is missing is a failure', () => {
    const target = path.join(folder, 'nowhere', 'a.safetensors');
    expect(failureOf(() => writeSafetensors(target, entries))).toMatchObject({ code: 'write-failed', exitCode: 1 });
  });
});
