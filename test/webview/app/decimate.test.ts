import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { decimate } from '../../../src/webview/app/decimate';

const random = createRandom(3);
const X = Float64Array.from({ length: 10_000 }, (_, i) => i + 1);
const Y = Float64Array.from(X, () => random.normal());

describe('decimate', () => {
  it('keeps first, lowest, highest and last of each pixel column', () => {
    const pixels = 100;
    const kept = decimate(X, Y, 0, X.length, pixels);
    expect(kept.length).toBeLessThanOrEqual(4 * pixels);
    const set = new Set(kept);
    for (let column = 0; column < pixels; column++) {
      const members = [...X.keys()].filter((i) => Math.min(99, Math.floor(((X[i]! - 1) / 9999) * pixels)) === column);
      const values = members.map((i) => Y[i]!);
      expect(set.has(members[0]!)).toBe(true);
      expect(set.has(members[members.length - 1]!)).toBe(true);
      expect(set.has(members[values.indexOf(Math.min(...values))]!)).toBe(true);
      expect(set.has(members[values.indexOf(Math.max(...values))]!)).toBe(true);
    }
  });

  it('returns rising indices without repeats', () => {
    const kept = decimate(X, Y, 100, 9000, 70);
    expect(kept.every((index, i) => i === 0 || index > kept[i - 1]!)).toBe(true);
    expect([kept[0], kept[kept.length - 1]]).toEqual([100, 8999]);
  });

  it('keeps a single spike and a single gap', () => {
    const y = new Float64Array(X.length);
    y[5432] = 100;
    y[7654] = NaN;
    const kept = decimate(X, y, 0, X.length, 50);
    expect(kept).toContain(5432);
    expect(kept).toContain(7654);
  });

  it('returns few points as they are, and none from nothing', () => {
    expect(decimate(X, Y, 5, 9, 100)).toEqual([5, 6, 7, 8]);
    expect(decimate([], [], 0, 0, 100)).toEqual([]);
  });
});
