import { describe, expect, it } from 'vitest';
import { readRope, ropeFrequencies } from '../../../src/training/models/rope';

// From transformers 5.18, ROPE_INIT_FUNCTIONS[type](config): heads of 16, theta 10000.
const EXPECTED: readonly [string, Record<string, unknown>, number[], number][] = [
  [
    'linear',
    { rope_type: 'linear', factor: 4 },
    [0.25, 0.07905694, 0.025, 0.007905695, 0.0025, 0.0007905695, 0.00025, 0.00007905694],
    1,
  ],
  [
    'llama3',
    {
      rope_type: 'llama3',
      factor: 8,
      original_max_position_embeddings: 64,
      low_freq_factor: 1,
      high_freq_factor: 4,
    },
    [1, 0.24438459, 0.013042256, 0.0039528473, 0.00125, 0.00039528473, 0.000125, 0.000039528473],
    1,
  ],
  [
    'yarn',
    { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64 },
    [1, 0.23717082, 0.05, 0.007905695, 0.0025, 0.0007905695, 0.00025, 0.00007905694],
    1.138629436111989,
  ],
  [
    'yarn, not truncated, with a beta of its own',
    { type: 'yarn', factor: 4, original_max_position_embeddings: 64, beta_fast: 8, truncate: false },
    [1, 0.21246868, 0.025664398, 0.007905695, 0.0025, 0.0007905695, 0.00025, 0.00007905694],
    1.138629436111989,
  ],
  [
    'yarn with mscale',
    { rope_type: 'yarn', factor: 40, original_max_position_embeddings: 64, mscale: 0.707, mscale_all_dim: 1 },
    [1, 0.21345372, 0.034999996, 0.00079056947, 0.00025, 0.00007905695, 0.000025, 0.0000079056945],
    0.9210423553163399,
  ],
];

describe('RoPE scaling as transformers computes it', () => {
  it.each(EXPECTED)('%s', (_, settings, expected, expectedMagnitude) => {
    const { frequencies, magnitude } = ropeFrequencies(readRope(settings, 10_000, 128, 'config.json'), 16);
    expect(frequencies).toHaveLength(expected.length);
    frequencies.forEach((frequency, i) => expect(frequency / expected[i]!).toBeCloseTo(1, 6));
    expect(magnitude).toBeCloseTo(expectedMagnitude, 9);
  });

  it.each([
    [{ rope_type: 'dynamic', factor: 2 }, 'unknown-architecture', 'RoPE scaling "dynamic"'],
    [{ type: 'longrope', short_factor: [1], long_factor: [1] }, 'unknown-architecture', 'RoPE scaling "longrope"'],
    [{ partial_rotary_factor: 0.75 }, 'unknown-architecture', 'partial_rotary_factor'],
    [{ rope_type: 'yarn' }, 'bad-model-config', '"factor" of the RoPE scaling "yarn"'],
  ])('%j is refused', (settings, code, message) => {
    expect(() => readRope(settings, 10_000, 128, 'models/x/config.json')).toThrow(
      expect.objectContaining({ code, exitCode: 2, message: expect.stringContaining(message) as string }),
    );
  });
});
