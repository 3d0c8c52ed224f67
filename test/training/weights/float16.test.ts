import { expect, test } from 'vitest';

import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../../src/training/weights/float16';
import { fromBase64, oracleJson } from './support';

interface Dump {
  readonly float32: string;
  readonly float16: string;
  readonly bfloat16: string;
  readonly sums: { readonly float16: number; readonly bfloat16: number };
}
const dump = oracleJson<Dump>('half-precision.json');
const every = Uint16Array.from({ length: 65536 }, (_, i) => i);

test('float32 is rounded to 16 bits as numpy and PyTorch round it', () => {
  const floats = new Float32Array(fromBase64(dump.float32));
  const half = new Uint16Array(floats.length);
  float32ToFloat16(floats, half);
  expect(half).toEqual(new Uint16Array(fromBase64(dump.float16)));
  const brain = new Uint16Array(floats.length);
  float32ToBfloat16(floats, brain);
  expect(brain).toEqual(new Uint16Array(fromBase64(dump.bfloat16)));
});

test.each([
  ['float16', float16ToFloat32, float32ToFloat16, 0x7c00] as const,
  ['bfloat16', bfloat16ToFloat32, float32ToBfloat16, 0x7f80] as const,
])('every %s value survives the way to float32 and back', (name, widen, narrow, infinity) => {
  const floats = new Float32Array(65536);
  widen(every, floats);
  const finite = floats.filter(Number.isFinite);
  expect(finite.reduce((sum, value) => sum + Math.abs(value), 0) / dump.sums[name]).toBeCloseTo(1, 12);
  const back = new Uint16Array(65536);
  narrow(floats, back);
  const isNaN = (bits: number): boolean => (bits & 0x7fff) > infinity;
  expect(every.filter((bits) => Number.isNaN(floats[bits]) !== isNaN(bits))).toHaveLength(0);
  expect(every.filter((bits) => (isNaN(bits) ? !isNaN(back[bits]!) : back[bits] !== bits))).toHaveLength(0);
});
