/** Rotary position embedding: its settings in config.json, and its angles, as transformers' `modeling_rope_utils.py` has them. */
import { Failure } from '../../common/failure';

export interface Rope {
  readonly theta: number;
  readonly scaling: RopeScaling | undefined;
}

type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalMaxPositions: number;
    }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      /** Turns within the original length above which a frequency is kept, and below which it is divided. */
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalMaxPositions: number;
      readonly truncate: boolean;
      /** What cosine and sine are multiplied by. */
      readonly magnitude: number;
    };

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * `settings` holds rope_type (or type) and what belongs to it; `maxPositions` stands in for a missing original length.
 * Throws a Failure for a kind whose angles depend on the length of the text (dynamic, longrope) or is not known.
 */
export function readRope(settings: JsonObject, theta: number, maxPositions: number, path: string): Rope {
  const type = settings.rope_type ?? settings.type ?? 'default';
  const rotated = settings.partial_rotary_factor;
  if (typeof rotated === 'number' && rotated !== 1)
    throw unsupported(path, 'rotary embedding of a part of each head (partial_rotary_factor) is');
  return { theta, scaling: type === 'default' ? undefined : readScaling(settings, String(type), maxPositions, path) };
}

/** Inverse frequencies, headDim / 2 of them, and what cosine and sine are multiplied by. */
export function ropeFrequencies(
  { theta, scaling }: Rope,
  headDim: number,
): { frequencies: Float64Array; magnitude: number } {
  const plain = new Float64Array(headDim / 2).map((_, i) => theta ** ((-2 * i) / headDim));
  if (!scaling) return { frequencies: plain, magnitude: 1 };
  if (scaling.type === 'linear') return { frequencies: plain.map((x) => x / scaling.factor), magnitude: 1 };
  if (scaling.type === 'llama3') {
    const { factor, originalMaxPositions, lowFrequencyFactor, highFrequencyFactor } = scaling;
    const frequencies = plain.map((frequency) => {
      const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
      const kept = clamp((turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor));
      return blend(frequency, factor, kept);
    });
    return { frequencies, magnitude: 1 };
  }
  const { factor, originalMaxPositions, betaFast, betaSlow, truncate, magnitude } = scaling;
  // The place along the head at which a frequency makes so many turns within the original length (Peng et al. 2023).
  const place = (turns: number): number =>
    (headDim * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const low = Math.max(truncate ? Math.floor(place(betaFast)) : place(betaFast), 0);
  const high = Math.min(truncate ? Math.ceil(place(betaSlow)) : place(betaSlow), headDim - 1);
  const width = high === low ? 0.001 : high - low;
  return { frequencies: plain.map((f, i) => blend(f, factor, 1 - clamp((i - low) / width))), magnitude };
}

const clamp = (x: number): number => Math.min(1, Math.max(0, x));
const blend = (frequency: number, factor: number, kept: number): number =>
  kept * frequency + (1 - kept) * (frequency / factor);

function readScaling(settings: JsonObject, type: string, maxPositions: number, path: string): RopeScaling {
  const number = (key: string, fallback?: number): number => {
    const value = settings[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw new Failure(
      'bad-model-config',
      `${path}: "${key}" of the RoPE scaling "${type}" must be a positive number, not ${JSON.stringify(settings[key])}.`,
      'Fetch config.json of the model again.',
      2,
    );
  };
  if (type === 'linear') return { type, factor: number('factor') };
  if (type === 'llama3')
    return {
      type,
      factor: number('factor'),
      lowFrequencyFactor: number('low_freq_factor', 1),
      highFrequencyFactor: number('high_freq_factor', 4),
      originalMaxPositions: number('original_max_position_embeddings', 8192),
    };
  if (type === 'yarn') {
    const factor = number('factor');
    const scaleFor = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
    const inferred =
      settings.mscale && settings.mscale_all_dim
        ? scaleFor(number('mscale')) / scaleFor(number('mscale_all_dim'))
        : scaleFor(1);
    return {
      type,
      factor,
      betaFast: number('beta_fast', 32),
      betaSlow: number('beta_slow', 1),
      originalMaxPositions: number('original_max_position_embeddings', maxPositions),
      truncate: settings.truncate !== false,
      magnitude: number('attention_factor', inferred),
    };
  }
  throw unsupported(path, `RoPE scaling "${type}" is`);
}

function unsupported(path: string, what: string): Failure {
  return new Failure(
    'unknown-architecture',
    `${path}: ${what} not supported.`,
    'Choose a model with default, linear, llama3 or yarn scaling, such as the variant for the shorter context.',
    2,
  );
}
