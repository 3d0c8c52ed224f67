import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { PARTS, splitRows } from '../../src/dataset/split';

const sizes = (parts: Uint8Array): number[] => PARTS.map((_, part) => parts.filter((one) => one === part).length);
const own = (count: number): number[] => Array.from({ length: count }, (_, row) => row);

describe('a split', () => {
  it('has the shares that were asked for', () => {
    expect(sizes(splitRows(own(1000), { validation: 0.1, test: 0.05 }, 1))).toEqual([850, 100, 50]);
    expect(sizes(splitRows(own(10), { validation: 0.01, test: 0 }, 1))).toEqual([9, 1, 0]);
  });
  it('is the same for the same seed and another for another', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => splitRows(own(200), { validation: 0.2, test: 0 }, seed));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
  it('never divides a group, and comes as near to the share as the groups allow', () => {
    const random = createRandom(4);
    for (let round = 0; round < 50; round++) {
      const count = 20 + random.integer(300);
      const groups = Array.from({ length: count }, () => random.integer(1 + random.integer(count)));
      const parts = splitRows(groups, { validation: 0.15, test: 0.1 }, round);
      const partOf = new Map(groups.map((group, row) => [group, parts[row]]));
      expect(groups.map((group) => partOf.get(group))).toEqual([...parts]);
      const [train, validation, test] = sizes(parts);
      expect(train).toBeGreaterThan(0);
      expect(validation! + test!).toBeLessThan(count);
    }
  });
  it('leaves something to train', () => {
    expect(sizes(splitRows([0, 0, 0, 0], { validation: 0.5, test: 0 }, 1))).toEqual([4, 0, 0]);
    expect(sizes(splitRows([0, 0, 0, 1, 1, 2, 2], { validation: 0.1, test: 0 }, 1))).toEqual([5, 2, 0]);
    expect(sizes(splitRows([], { validation: 0.5, test: 0 }, 1))).toEqual([0, 0, 0]);
  });
});
