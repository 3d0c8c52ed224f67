/** Weights that are kept in 16 bits and turned into float32 where they are used. */
import { Failure } from '../../common/failure';
import type { StoredType } from '../graph/graph';
import { float32ToBfloat16, float32ToFloat16 } from './float16';
import type { StoredForm } from './materialize';
import { elementCount } from './tensor-info';

/** Encoding fails with `float16-overflow` (exit code 2) when a finite number is too large for float16. */
export function halfForm(name: string, shape: readonly number[], dataType: StoredType): StoredForm {
  return {
    tensors: [{ name, dataType, bytes: 2 * elementCount(shape) }],
    numbers: dataType === 'float16' ? 'F16' : 'BF16',
    encode: (numbers) => {
      const bits = new Uint16Array(numbers.length);
      if (dataType === 'bfloat16') float32ToBfloat16(numbers, bits);
      else {
        requireFloat16Range(name, numbers, 'Set precision to bfloat16 or float32.');
        float32ToFloat16(numbers, bits);
      }
      return [bits];
    },
  };
}

/** From here on, rounding to the nearest gives infinity. */
const FLOAT16_LIMIT = 65_520;

/** @throws Failure `float16-overflow` (exit code 2) with the hint, where a finite number becomes infinite */
export function requireFloat16Range(name: string, numbers: Float32Array, hint: string): void {
  for (const number of numbers)
    if (Math.abs(number) >= FLOAT16_LIMIT && Math.abs(number) !== Infinity)
      throw new Failure(
        'float16-overflow',
        `The weight "${name}" holds the number ${number}, which float16 cannot hold (its largest is 65504).`,
        hint,
        2,
      );
}
