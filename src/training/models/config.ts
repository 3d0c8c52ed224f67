/** Reads a Hugging Face config.json of the Llama kind: what the graph needs, with the field's defaults. */
import { Failure } from '../../common/failure';

export interface RopeScaling {
  readonly type: 'linear' | 'llama3';
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalMaxPositions: number;
}

export interface DecoderConfig {
  readonly family: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly maxPositions: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | undefined;
  readonly tiedEmbeddings: boolean;
  /** Biases of q, k, v; of o; of the three MLP matrices. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Tokens look back at most this far (Mistral); `undefined`: to the start. */
  readonly slidingWindow: number | undefined;
}

const FAMILIES = ['llama', 'mistral', 'qwen2'] as const;

export function readDecoderConfig(config: Readonly<Record<string, unknown>>, path: string): DecoderConfig {
  const family = config.model_type;
  if (!FAMILIES.some((known) => known === family))
    throw new Failure(
      'unknown-architecture',
      `${path}: the architecture "${String(family ?? 'not named')}" is not supported.`,
      `Choose a model of type ${FAMILIES.join(', ')} (Llama, TinyLlama, SmolLM, Mistral, Qwen 2 and 2.5 are such).`,
      2,
    );
  const number = (key: string, fallback?: number): number => {
    const value = config[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw new Failure(
      'bad-model-config',
      `${path}: "${key}" in the model's configuration must be a positive number, not ${JSON.stringify(config[key])}.`,
      'Fetch config.json of the model again.',
      2,
    );
  };
  const hidden = number('hidden_size');
  const heads = number('num_attention_heads');
  const kvHeads = number('num_key_value_heads', heads);
  const headDim = number('head_dim', hidden / heads);
  if (heads % kvHeads !== 0 || headDim % 2 !== 0 || !Number.isInteger(headDim))
    throw new Failure(
      'bad-model-config',
      `${path}: ${heads} heads of size ${headDim} with ${kvHeads} key-value heads do not fit together.`,
      'Fetch config.json of the model again.',
      2,
    );
  const activation = config.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish')
    throw new Failure(
      'unknown-architecture',
      `${path}: the activation "${String(activation)}" is not supported.`,
      'Choose a model that uses SiLU.',
      2,
    );
  // transformers 5 nests the RoPE settings; older files keep them flat.
  const rope = objectOf(config.rope_parameters) ?? {};
  const window = config.sliding_window;
  const usesWindow = family === 'mistral' || (family === 'qwen2' && config.use_sliding_window === true);
  return {
    family: String(family),
    layers: number('num_hidden_layers'),
    hidden,
    heads,
    kvHeads,
    headDim,
    intermediate: number('intermediate_size'),
    vocabulary: number('vocab_size'),
    maxPositions: number('max_position_embeddings', 2048),
    normEpsilon: number('rms_norm_eps', 1e-6),
    ropeTheta: typeof rope.rope_theta === 'number' ? rope.rope_theta : number('rope_theta', 10_000),
    ropeScaling: readScaling(objectOf(config.rope_scaling) ?? rope, path),
    tiedEmbeddings: config.tie_word_embeddings === true,
    biases: {
      qkv: family === 'qwen2' || config.attention_bias === true,
      output: config.attention_bias === true && family !== 'qwen2',
      mlp: config.mlp_bias === true,
    },
    slidingWindow: usesWindow && typeof window === 'number' ? window : undefined,
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function readScaling(scaling: Readonly<Record<string, unknown>>, path: string): RopeScaling | undefined {
  const type = scaling.rope_type ?? scaling.type ?? 'default';
  if (type === 'default') return undefined;
  if (type !== 'linear' && type !== 'llama3')
    throw new Failure(
      'unknown-architecture',
      `${path}: RoPE scaling "${String(type)}" is not supported.`,
      'Choose a model with default, linear or llama3 scaling.',
      2,
    );
  const number = (key: string, fallback: number): number =>
    typeof scaling[key] === 'number' ? scaling[key] : fallback;
  return {
    type,
    factor: number('factor', 1),
    lowFrequencyFactor: number('low_freq_factor', 1),
    highFrequencyFactor: number('high_freq_factor', 4),
    originalMaxPositions: number('original_max_position_embeddings', 8192),
  };
}

/** Inverse frequencies of RoPE, headDim / 2 of them, scaled as transformers' `modeling_rope_utils.py` does. */
export function ropeFrequencies({ headDim, ropeTheta, ropeScaling }: DecoderConfig): Float64Array {
  return new Float64Array(headDim / 2).map((_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / headDim);
    if (!ropeScaling) return frequency;
    const scaled = frequency / ropeScaling.factor;
    if (ropeScaling.type === 'linear') return scaled;
    const { originalMaxPositions, lowFrequencyFactor, highFrequencyFactor } = ropeScaling;
    const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
    if (turns < lowFrequencyFactor) return scaled;
    if (turns > highFrequencyFactor) return frequency;
    const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return (1 - smooth) * scaled + smooth * frequency;
  });
}
