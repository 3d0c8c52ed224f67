/** Rotary position embedding: its settings in config.json, and its angles, as transformers' `modeling_rope_utils.py` has them. */
import { Failure } from '../../common/failure';

export interface Rope {
  readonly theta: number;
  /** How many numbers of each head are rotated, its first ones; even. */
  readonly rotated: number;
  readonly scaling: RopeScaling | undefined;
}

type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  /** Angles that follow the length of the text beyond `maxPositions`. */
  | { readonly type: 'dynamic'; readonly factor: number; readonly maxPositions: number }
  | {
      readonly type: 'longrope';
      /** Divisors of the frequencies, for texts up to the original length and for longer ones. */
      readonly short: readonly number[];
      readonly long: readonly number[];
      readonly originalMaxPositions: number;
      readonly magnitude: number;
    }
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

/** Sizes of the model that the settings refer to. */
export interface RopeModel {
  /** Numbers of a head; all of them are rotated unless the settings say otherwise. */
  readonly headDim: number;
  /** Stands in for a missing original length. */
  readonly maxPositions: number;
}

/** `settings` holds rope_type (or type) and what belongs to it. Throws a Failure for a kind that is not known. */
export function readRope(settings: JsonObject, theta: number, model: RopeModel, path: string): Rope {
  const type = settings.rope_type ?? settings.type ?? 'default';
  const part = settings.partial_rotary_factor ?? 1;
  const rotated = typeof part === 'number' ? Math.floor(model.headDim * part) : NaN;
  if (!(rotated >= 2 && rotated <= model.headDim && rotated % 2 === 0))
    throw new Failure(
      'bad-model-config',
      `${path}: "partial_rotary_factor" ${JSON.stringify(part)} of heads of size ${model.headDim} is no even number that fits.`,
      'Fetch config.json of the model again.',
      2,
    );
  const scaling = type === 'default' ? undefined : readScaling(settings, String(type), rotated, model, path);
  return { theta, rotated, scaling };
}

/**
 * Inverse frequencies, one for each pair of rotated numbers, and what cosine and sine are multiplied by, for texts of
 * up to `length` tokens.
 */
export function ropeFrequencies(
  { theta, rotated, scaling }: Rope,
  length: number,
): { frequencies: Float64Array; magnitude: number } {
  const plain = powers(theta, rotated);
  if (!scaling) return { frequencies: plain, magnitude: 1 };
  if (scaling.type === 'linear') return { frequencies: plain.map((x) => x / scaling.factor), magnitude: 1 };
  if (scaling.type === 'dynamic') {
    // transformers keeps the angles of the longest text so far; here each batch has those of its own length.
    const stretch = (scaling.factor * Math.max(length, scaling.maxPositions)) / scaling.maxPositions;
    const base = theta * (stretch - (scaling.factor - 1)) ** (rotated / (rotated - 2));
    return { frequencies: powers(base, rotated), magnitude: 1 };
  }
  if (scaling.type === 'longrope') {
    const divisors = length > scaling.originalMaxPositions ? scaling.long : scaling.short;
    return { frequencies: plain.map((x, i) => x / divisors[i]!), magnitude: scaling.magnitude };
  }
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
    (rotated * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const low = Math.max(truncate ? Math.floor(place(betaFast)) : place(betaFast), 0);
  const high = Math.min(truncate ? Math.ceil(place(betaSlow)) : place(betaSlow), rotated - 1);
  const width = high === low ? 0.001 : high - low;
  return { frequencies: plain.map((f, i) => blend(f, factor, 1 - clamp((i - low) / width))), magnitude };
}

/** theta^(−2i / size) */
const powers = (theta: number, size: number): Float64Array =>
  new Float64Array(size / 2).map((_, i) => theta ** ((-2 * i) / size));
const clamp = (x: number): number => Math.min(1, Math.max(0, x));
const blend = (frequency: number, factor: number, kept: number): number =>
  kept * frequency + (1 - kept) * (frequency / factor);

function readScaling(
  settings: JsonObject,
  type: string,
  rotated: number,
  { maxPositions }: RopeModel,
  path: string,
): RopeScaling {
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
  if (type === 'dynamic') return { type, factor: number('factor'), maxPositions };
  if (type === 'longrope') {
    const divisors = (key: string): readonly number[] => {
      const value = settings[key];
      if (Array.isArray(value) && value.length === rotated / 2 && value.every((x) => typeof x === 'number' && x > 0))
        return value as readonly number[];
      throw new Failure(
        'bad-model-config',
        `${path}: "${key}" of the RoPE scaling "longrope" must be a list of ${rotated / 2} positive numbers.`,
        'Fetch config.json of the model again.',
        2,
      );
    };
    const originalMaxPositions = number('original_max_position_embeddings', maxPositions);
    const factor = number('factor', maxPositions / originalMaxPositions);
    const inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions));
    return {
      type,
      short: divisors('short_factor'),
      long: divisors('long_factor'),
      originalMaxPositions,
      magnitude: number('attention_factor', inferred),
    };
  }
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
  throw new Failure(
    'unknown-architecture',
    `${path}: RoPE scaling ${JSON.stringify(type)} is not supported.`,
    'Choose a model with default, linear, dynamic, llama3, yarn or longrope scaling, such as the variant for the shorter context.',
    2,
  );
}
