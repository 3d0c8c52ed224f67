/** Reads a Hugging Face config.json: what the graph needs, with the family's defaults. */
import { Failure } from '../../common/failure';
import { type ConfigReader, badConfig, objectOf, readerOf } from './config-reader';
import { readGpt2Config } from './gpt2-config';
import { type LayerKind, readLayerKinds } from './layer-kinds';
import { type JsonObject, type Rope, type RopeModel, readRope } from './rope';
import { requireSupported } from './unsupported';

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
  /** Each position has a vector that is added to the embedding (GPT-2); there are `maxPositions` of them. */
  readonly learnedPositions: boolean;
  /** RMS norm with a weight, or layer norm with weight and bias (GPT-2). */
  readonly norm: 'rms' | 'layer';
  readonly normEpsilon: number;
  /** Norms multiply by this + their weight: 1 in Gemma. */
  readonly normOffset: 0 | 1;
  /** By the `rope` of the layers that use it. */
  readonly ropes: { readonly global?: Rope; readonly local?: Rope };
  /** One for each layer. */
  readonly layerKinds: readonly LayerKind[];
  readonly tiedEmbeddings: boolean;
  /** Biases of q, k, v; of o; of the three MLP matrices. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Windowed layers look back at most this far. */
  readonly slidingWindow: number | undefined;
  readonly activation: 'silu' | 'gelu-tanh';
  /** The MLP multiplies an activated matrix by another; without it there is one matrix and its activation (GPT-2). */
  readonly gatedMlp: boolean;
  /** Each head of q and k has an RMS norm before RoPE. */
  readonly qkNorm: boolean;
  /** q, k and v are one matrix (GPT-2), and gate and up another (Phi-3). */
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

/** What transformers assumes where config.json of a family of the Llama kind is silent. */
const LLAMA_KIND: Readonly<Record<string, FamilyDefaults>> = {
  llama: {},
  mistral: { window: 4096 },
  qwen2: { window: 4096 },
  qwen3: { headDim: 128, window: 4096 },
  smollm3: { tied: true, ropeTheta: 2_000_000 },
  gemma2: { tied: true, headDim: 256, window: 4096, attentionCap: 50, logitCap: 30 },
  gemma3_text: { tied: true, headDim: 256, window: 4096, ropeTheta: 1_000_000 },
  phi3: {},
};

export function readDecoderConfig(config: JsonObject, path: string): DecoderConfig {
  requireSupported(config, [...Object.keys(LLAMA_KIND), 'gpt2'], path);
  const family = String(config.model_type);
  return family === 'gpt2' ? readGpt2Config(config, path) : readLlamaKind(config, family, path);
}

function readLlamaKind(config: JsonObject, family: string, path: string): DecoderConfig {
  const defaults = LLAMA_KIND[family]!;
  const gemma = family.startsWith('gemma');
  const reader = readerOf(config, path);
  const { number, optional } = reader;
  const layers = number('num_hidden_layers');
  const hidden = number('hidden_size');
  const heads = number('num_attention_heads');
  const kvHeads = number('num_key_value_heads', heads);
  const headDim = number('head_dim', defaults.headDim ?? hidden / heads);
  if (heads % kvHeads !== 0 || headDim % 2 !== 0 || !Number.isInteger(headDim))
    throw badConfig(path, `${heads} heads of size ${headDim} with ${kvHeads} key-value heads do not fit together`);
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
    learnedPositions: false,
    norm: 'rms',
    normEpsilon: number('rms_norm_eps', family === 'phi3' ? 1e-5 : 1e-6),
    normOffset: gemma ? 1 : 0,
    ropes: readRopes(
      config,
      family,
      number('rope_theta', defaults.ropeTheta ?? 10_000),
      { headDim, maxPositions },
      reader,
      path,
    ),
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
    gatedMlp: true,
    qkNorm: family === 'qwen3' || family === 'gemma3_text',
    fusedProjections: family === 'phi3',
    postNorms: gemma,
    attentionScale: (gemma ? number('query_pre_attn_scalar', 256) : headDim) ** -0.5,
    embeddingScale: gemma ? Math.sqrt(hidden) : 1,
    attentionCap: family === 'gemma2' ? optional('attn_logit_softcapping', defaults.attentionCap) : undefined,
    logitCap: gemma ? optional('final_logit_softcapping', defaults.logitCap) : undefined,
  };
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
  model: RopeModel,
  reader: ConfigReader,
  path: string,
): DecoderConfig['ropes'] {
  const nested = objectOf(config.rope_parameters) ?? {};
  const read = (settings: JsonObject, theta: number): Rope =>
    readRope(settings, typeof settings.rope_theta === 'number' ? settings.rope_theta : theta, model, path);
  if (family === 'gemma3_text') {
    const local = typeof config.rope_local_base_freq === 'number' ? config.rope_local_base_freq : 10_000;
    return {
      global: read(objectOf(nested.full_attention) ?? objectOf(config.rope_scaling) ?? {}, flatTheta),
      local: read(objectOf(nested.sliding_attention) ?? {}, local),
    };
  }
  const settings: JsonObject = { ...nested, ...objectOf(config.rope_scaling) };
  if (family === 'phi3') return { global: read(phi3Rope(settings, config, reader), flatTheta) };
  requireWholeHeads(settings.partial_rotary_factor ?? config.partial_rotary_factor, path);
  return { global: read(settings, flatTheta) };
}

/** Its older files say "yarn" and "su" for what is longrope now, and keep two of the settings apart. */
function phi3Rope(settings: JsonObject, config: JsonObject, { number }: ConfigReader): JsonObject {
  const type = settings.rope_type ?? settings.type;
  const part = settings.partial_rotary_factor ?? config.partial_rotary_factor;
  return {
    ...settings,
    partial_rotary_factor: part,
    original_max_position_embeddings: number('original_max_position_embeddings', 4096),
    ...(type === 'yarn' || type === 'su' ? { rope_type: 'longrope' } : {}),
  };
}

function requireWholeHeads(part: unknown, path: string): void {
  if (part === undefined || part === null || part === 1) return;
  throw new Failure(
    'unknown-architecture',
    `${path}: rotary embedding of a part of each head (partial_rotary_factor) is supported for phi3 alone.`,
    'Choose another model.',
    2,
  );
}
