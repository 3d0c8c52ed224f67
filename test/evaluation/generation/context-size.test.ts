import { describe, expect, it } from 'vitest';
import { contextSizeFor, longestInContext } from '../../../src/evaluation/generation/llama/context-size';

describe('the size of a context', () => {
  it('is whole blocks with a place to spare', () => {
    expect([1, 255, 256, 4095, 4096].map(contextSizeFor)).toEqual([256, 256, 512, 4096, 4352]);
  });
  it('has room for the longest text and no more', () => {
    for (const places of [256, 300, 4096]) {
      expect(contextSizeFor(longestInContext(places))).toBeLessThanOrEqual(places);
      expect(contextSizeFor(longestInContext(places) + 1)).toBeGreaterThan(places);
    }
    expect(longestInContext(16)).toBeLessThan(1);
  });
});
