/** Reads a Hugging Face config.json of the Llama kind: what the graph needs, with the family's defaults. */
import { Failure } from '../../common/failure';
import { type LayerKind, readLayerKinds } from './layer-kinds';
import { type JsonObject, type Rope, readRope } from './rope';

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
  /** Norms multiply by this + their weight: 1 in Gemma. */
  readonly normOffset: 0 | 1;
  /** By the `rope` of the layers that use it. */
  readonly ropes: { readonly global: Rope; readonly local?: Rope };
  /** One for each layer. */
  readonly layerKinds: readonly LayerKind[];
  readonly tiedEmbeddings: boolean;
  /** Biases of q, k, v; of o; of the three MLP matrices. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Windowed layers look back at most this far. */
  readonly slidingWindow: number | undefined;
  readonly activation: 'silu' | 'gelu-tanh';
  /** Each head of q and k has an RMS norm before RoPE. */
  readonly qkNorm: boolean;
  /** q, k and v are one matrix, gate and up another (Phi-3). */
  readonly fusedProjections: boolean;
  /** What attention and MLP add to the stream has norms of its own (Gemma). */
  readonly postNorms: boolean;
  readonly attentionScale: number;
  readonly embeddingScale: number;
  /** c of c · tanh(x / c) for attention scores and for the head's logits. */
  readonly attentionCap: number | undefined;
  readonly logitCap: number | undefined;
}

interface FamilyDefaults {
  readonly tied?: boolean;
  readonly headDim?: number;
  readonly ropeTheta?: number;
  readonly window?: number;
  readonly attentionCap?: number;
  readonly logitCap?: number;
}

/** What transformers assumes where config.json of the family is silent. */
const FAMILIES: Readonly<Record<string, FamilyDefaults>> = {
  llama: {},
  mistral: {},
  qwen2: { window: 4096 },
  qwen3: { headDim: 128, window: 4096 },
  smollm3: { tied: true, ropeTheta: 2_000_000 },
  gemma2: { tied: true, headDim: 256, window: 4096, attentionCap: 50, logitCap: 30 },
  gemma3_text: { tied: true, headDim: 256, window: 4096, ropeTheta: 1_000_000 },
  phi3: {},
};

export function readDecoderConfig(config: JsonObject, path: string): DecoderConfig {
  const { family, defaults } = familyOf(config, path);
  const gemma = family.startsWith('gemma');
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
  /** null in the file means none, a missing key the family's default. */
  const optional = (key: string, fallback?: number): number | undefined =>
    config[key] === null || (config[key] === undefined && fallback === undefined) ? undefined : number(key, fallback);

  const layers = number('num_hidden_layers');
  const hidden = number('hidden_size');
  const heads = number('num_attention_heads');
  const kvHeads = number('num_key_value_heads', heads);
  const headDim = number('head_dim', defaults.headDim ?? hidden / heads);
  if (heads % kvHeads !== 0 || headDim % 2 !== 0 || !Number.isInteger(headDim))
    throw new Failure(
      'bad-model-config',
      `${path}: ${heads} heads of size ${headDim} with ${kvHeads} key-value heads do not fit together.`,
      'Fetch config.json of the model again.',
      2,
    );
  const maxPositions = number('max_position_embeddings', 2048);
  const usesWindow =
    gemma || family === 'mistral' || family === 'phi3' || (family !== 'llama' && config.use_sliding_window === true);
  const slidingWindow = usesWindow ? optional('sliding_window', defaults.window) : undefined;
  const attentionBias = config.attention_bias === true && family !== 'phi3';
  return {
    family,
    layers,
    hidden,
    heads,
    kvHeads,
    headDim,
    intermediate: number('intermediate_size'),
    vocabulary: number('vocab_size'),
    maxPositions,
    normEpsilon: number('rms_norm_eps', family === 'phi3' ? 1e-5 : 1e-6),
    normOffset: gemma ? 1 : 0,
    ropes: readRopes(config, family, number('rope_theta', defaults.ropeTheta ?? 10_000), maxPositions, path),
    layerKinds: readLayerKinds(config, family, layers, slidingWindow, path),
    tiedEmbeddings: (config.tie_word_embeddings ?? defaults.tied) === true,
    biases: {
      qkv: family === 'qwen2' || attentionBias,
      output: attentionBias && family !== 'qwen2',
      mlp: config.mlp_bias === true,
    },
    slidingWindow,
    activation: readActivation(
      gemma ? (config.hidden_activation ?? 'gelu_pytorch_tanh') : (config.hidden_act ?? 'silu'),
      path,
    ),
    qkNorm: family === 'qwen3' || family === 'gemma3_text',
    fusedProjections: family === 'phi3',
    postNorms: gemma,
    attentionScale: (gemma ? number('query_pre_attn_scalar', 256) : headDim) ** -0.5,
    embeddingScale: gemma ? Math.sqrt(hidden) : 1,
    attentionCap: family === 'gemma2' ? optional('attn_logit_softcapping', defaults.attentionCap) : undefined,
    logitCap: gemma ? optional('final_logit_softcapping', defaults.logitCap) : undefined,
  };
}

function familyOf(config: JsonObject, path: string): { family: string; defaults: FamilyDefaults } {
  const family = String(config.model_type ?? 'not named');
  const defaults = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (!defaults)
    throw new Failure(
      'unknown-architecture',
      `${path}: the architecture "${family}" is not supported.`,
      family === 'gemma3'
        ? 'This is a Gemma 3 that also reads images. Choose one for text alone (gemma3_text), such as 270m or 1b.'
        : `Choose a model of type ${Object.keys(FAMILIES).join(', ')} (TinyLlama and SmolLM 2 are of type llama, Qwen 2.5 of type qwen2).`,
      2,
    );
  if (config.use_bidirectional_attention === true)
    throw new Failure(
      'unknown-architecture',
      `${path}: the model attends in both directions (use_bidirectional_attention), so it does not write text.`,
      'Choose a model that was made to write, not to embed.',
      2,
    );
  return { family, defaults };
}

function readActivation(name: unknown, path: string): DecoderConfig['activation'] {
  if (name === 'silu' || name === 'swish') return 'silu';
  if (name === 'gelu_pytorch_tanh' || name === 'gelu_new') return 'gelu-tanh';
  throw new Failure(
    'unknown-architecture',
    `${path}: the activation "${String(name)}" is not supported.`,
    'Choose a model that uses SiLU or GELU with tanh.',
    2,
  );
}

/** transformers 5 nests the settings (in Gemma 3 for each type of layer); older files keep them flat. */
function readRopes(
  config: JsonObject,
  family: string,
  flatTheta: number,
  maxPositions: number,
  path: string,
): DecoderConfig['ropes'] {
  const nested = objectOf(config.rope_parameters) ?? {};
  const read = (settings: JsonObject, theta: number): Rope =>
    readRope(settings, typeof settings.rope_theta === 'number' ? settings.rope_theta : theta, maxPositions, path);
  if (family === 'gemma3_text') {
    const local = typeof config.rope_local_base_freq === 'number' ? config.rope_local_base_freq : 10_000;
    return {
      global: read(objectOf(nested.full_attention) ?? objectOf(config.rope_scaling) ?? {}, flatTheta),
      local: read(objectOf(nested.sliding_attention) ?? {}, local),
    };
  }
  const settings: JsonObject = { ...nested, ...objectOf(config.rope_scaling) };
  return { global: read(family === 'phi3' ? phi3Rope(settings, config) : settings, flatTheta) };
}

/** Its older files say "yarn" and "su" for what is longrope now, and keep the rotated part of a head apart. */
function phi3Rope(settings: JsonObject, config: JsonObject): JsonObject {
  const type = settings.rope_type ?? settings.type;
  const part = settings.partial_rotary_factor ?? config.partial_rotary_factor;
  return {
    ...settings,
    partial_rotary_factor: part,
    ...(type === 'yarn' || type === 'su' ? { rope_type: 'longrope' } : {}),
  };
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
