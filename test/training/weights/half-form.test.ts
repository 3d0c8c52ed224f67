import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/common/failure';
import { halfForm } from '../../../src/training/weights/half-form';

describe('weights in 16 bits', () => {
  const numbers = Float32Array.of(1, -2.5, 1 / 3, 65_504, 1e-8);

  it('rounds to the nearest, as numpy does', () => {
    expect(halfForm('w', [5], 'float16').encode(numbers)).toEqual([
      Uint16Array.of(0x3c00, 0xc100, 0x3555, 0x7bff, 0x0000),
    ]);
    expect(halfForm('w', [5], 'bfloat16').encode(numbers)).toEqual([
      Uint16Array.of(0x3f80, 0xc020, 0x3eab, 0x4780, 0x322c),
    ]);
    expect(halfForm('w', [5, 3], 'float16').tensors).toEqual([{ name: 'w', dataType: 'float16', bytes: 30 }]);
  });

  it('refuses numbers that float16 cannot hold, and only those', () => {
    const encode = (number: number, type: 'float16' | 'bfloat16') => () =>
      halfForm('layers.0.weight', [1], type).encode(Float32Array.of(number));
    expect(encode(65_519, 'float16')()[0]).toEqual(Uint16Array.of(0x7bff));
    expect(encode(-65_520, 'float16')).toThrow(Failure);
    expect(encode(-65_520, 'float16')).toThrow('"layers.0.weight" holds the number -65520');
    expect(encode(1e30, 'bfloat16')).not.toThrow();
    expect(encode(Infinity, 'float16')()[0]).toEqual(Uint16Array.of(0x7c00));
  });
});
