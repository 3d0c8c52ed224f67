import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import { drawNoise } from '../../src/training/noise';

const batch = { rows: 48, feeds: { ids: { data: new Int32Array(48), shape: [3, 16] } } };
const options = { dropoutPools: [], dropout: 0.1, neftuneAlpha: 5, hidden: 64 };

describe('the noise of NEFTune', () => {
  it('is uniform within alpha / √(length · hidden), the length being that of a row', () => {
    const { data, shape } = drawNoise(createRandom(1), batch, options)['embedding_noise']!;
    const bound = 5 / Math.sqrt(16 * 64);
    expect(shape).toEqual([48, 64]);
    expect(data).toHaveLength(48 * 64);
    const [low, high] = [Math.min(...data), Math.max(...data)];
    expect(low).toBeGreaterThanOrEqual(-bound);
    expect(high).toBeLessThanOrEqual(bound);
    expect(high - low).toBeGreaterThan(1.99 * bound);
    const variance = [...data].reduce((sum, x) => sum + x * x, 0) / data.length;
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
  });

  it('is drawn again from the same state, after the masks of the dropout', () => {
    const pools = [{ input: 'dropout_4', width: 4, extraRows: 2 }];
    const twice = [1, 2].map(() => drawNoise(createRandom(7, 3), batch, { ...options, dropoutPools: pools }));
    expect(twice[0]).toEqual(twice[1]);
    expect(Object.keys(twice[0]!)).toEqual(['dropout_4', 'embedding_noise']);
    const without = drawNoise(createRandom(7, 3), batch, { ...options, dropoutPools: pools, neftuneAlpha: null });
    expect(without).toEqual({ dropout_4: twice[0]!['dropout_4'] });
  });
});
