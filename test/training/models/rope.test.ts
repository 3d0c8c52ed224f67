import { describe, expect, it } from 'vitest';
import { readRope, ropeFrequencies } from '../../../src/training/models/rope';

const MODEL = { headDim: 16, maxPositions: 128 };
const LONG = {
  rope_type: 'longrope',
  original_max_position_embeddings: 32,
  short_factor: [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
  long_factor: [1, 2, 3, 5, 8, 13, 21, 34],
};

// From transformers 5.18, ROPE_INIT_FUNCTIONS[type](config, seq_len=…): heads of 16, theta 10000.
const EXPECTED: readonly [string, Record<string, unknown>, number[], number, number?][] = [
  [
    'dynamic, within the length of the model',
    { rope_type: 'dynamic', factor: 2 },
    [1, 0.31622776, 0.1, 0.031622779, 0.0099999998, 0.0031622779, 0.001, 0.00031622779],
    1,
    100,
  ],
  [
    'dynamic, beyond it',
    { rope_type: 'dynamic', factor: 2 },
    [1, 0.262445, 0.068877369, 0.01807652, 0.004744092, 0.0012450633, 0.00032676061, 8.5756677e-5],
    1,
    300,
  ],
  [
    'longrope, up to the original length',
    LONG,
    [1, 0.28747976, 0.083333336, 0.024325214, 0.0071428572, 0.0021081853, 0.00062499999, 0.00018601633],
    1.1832159566199232,
    32,
  ],
  [
    'longrope, beyond the original length',
    LONG,
    [1, 0.15811388, 0.033333335, 0.0063245557, 0.00125, 0.00024325213, 4.7619047e-5, 9.3008166e-6],
    1.1832159566199232,
    33,
  ],
  [
    'longrope of a part of each head',
    {
      ...LONG,
      partial_rotary_factor: 0.75,
      short_factor: LONG.short_factor.slice(0, 6),
      long_factor: LONG.long_factor.slice(0, 6),
    },
    [1, 0.10772172, 0.01547196, 0.0020000001, 0.00026930429, 3.5704536e-5],
    1.1832159566199232,
    33,
  ],
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
  it.each(EXPECTED)('%s', (_, settings, expected, expectedMagnitude, length = 128) => {
    const { frequencies, magnitude } = ropeFrequencies(readRope(settings, 10_000, MODEL, 'config.json'), length);
    expect(frequencies).toHaveLength(expected.length);
    frequencies.forEach((frequency, i) => expect(frequency / expected[i]!).toBeCloseTo(1, 6));
    expect(magnitude).toBeCloseTo(expectedMagnitude, 9);
  });

  it.each([
    [{ rope_type: 'axial' }, 'unknown-architecture', 'RoPE scaling "axial"'],
    [{ ...LONG, long_factor: [1] }, 'bad-model-config', '"long_factor" of the RoPE scaling "longrope"'],
    [{ partial_rotary_factor: 0.2 }, 'bad-model-config', '"partial_rotary_factor" 0.2 of heads of size 16'],
    [{ partial_rotary_factor: 'half' }, 'bad-model-config', '"partial_rotary_factor" "half"'],
    [{ rope_type: 'yarn' }, 'bad-model-config', '"factor" of the RoPE scaling "yarn"'],
  ])('%j is refused', (settings: Record<string, unknown>, code, message) => {
    expect(() => readRope(settings, 10_000, MODEL, 'models/x/config.json')).toThrow(
      expect.objectContaining({ code, exitCode: 2, message: expect.stringContaining(message) as string }),
    );
  });
});
