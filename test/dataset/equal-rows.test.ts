import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { firstOfEqual } from '../../src/dataset/equal-rows';

describe('firstOfEqual', () => {
  it('says what a Map says, for keys of 53 bits that often come again', () => {
    const random = createRandom(5);
    const few = Array.from({ length: 4000 }, () => Math.floor(random.next() * 2 ** 53));
    const keys = Float64Array.from({ length: 9000 }, () => few[Math.floor(random.next() * few.length)]!);
    const firsts = new Map<number, number>();
    const expected = [...keys].map((key, row) => {
      if (!firsts.has(key)) firsts.set(key, row);
      return firsts.get(key)!;
    });
    expect(new Set(expected).size).toBeGreaterThan(1000);
    expect([...firstOfEqual(keys, keys.length)]).toEqual(expected);
  });

  it('tells keys apart that differ only in their high bits, and leaves out rows that do not count', () => {
    const keys = Float64Array.of(7, 7 + 2 ** 40, 7, 9, 7, 9);
    expect([...firstOfEqual(keys, 6)]).toEqual([0, 1, 0, 3, 0, 3]);
    expect([...firstOfEqual(keys, 6, (row) => row !== 0 && row !== 3)]).toEqual([0, 1, 2, 3, 2, 5]);
  });
});
