import { Failure } from '../../common/failure';
import { corruptFile } from './files';
import type { GgufFile } from './gguf';
import { type GgufArchitecture, GGUF_LAYOUTS, isGgufArchitecture } from './gguf-architectures';
import { familyConfig } from './gguf-family-config';
import { readFloats } from './tensor-info';

export interface GgufShape {
  readonly architecture: GgufArchitecture;
  readonly layers: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  /** Meaning of Hugging Face's `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Fails with `gguf-architecture` for models of another kind and `gguf-corrupt` for missing or contradictory metadata. */
export function ggufConfig(gguf: GgufFile): GgufShape {
  const { path, metadata, tensors } = gguf;
  if (metadata.get('general.type') === 'adapter') throw unsupported(path, 'is an adapter, not a base model');
  if (Number(metadata.get('split.count') ?? 1) > 1)
    throw unsupported(path, 'is one part of a model that was split into several files');
  const architecture = metadata.get('general.architecture');
  if (!isGgufArchitecture(architecture))
    throw unsupported(
      path,
      `has the architecture ${JSON.stringify(architecture)}; readable from GGUF are ${Object.keys(GGUF_LAYOUTS).join(', ')}`,
    );
  const number = (key: string): number | undefined => {
    const value = metadata.get(`${architecture}.${key}`);
    if (value !== undefined && typeof value !== 'number')
      throw unsupported(path, `has a ${architecture}.${key} that is not one number`);
    return value;
  };
  const size = (key: string, otherwise?: number): number => {
    const value = number(key) ?? otherwise;
    if (value === undefined || !Number.isInteger(value) || value < 1 || value > 1 << 30)
      throw corruptFile('gguf', path, `${architecture}.${key} is ${value === undefined ? 'missing' : value}`);
    return value;
  };
  if ((number('expert_count') ?? 0) > 0) throw unsupported(path, 'is a mixture of experts');

  const hidden = size('embedding_length');
  const heads = size('attention.head_count');
  const keyHeads = size('attention.head_count_kv', heads);
  const headSize = size('attention.key_length', Math.floor(hidden / heads));
  if (heads % keyHeads !== 0 || headSize % 2 !== 0)
    throw corruptFile('gguf', path, `${heads} heads, ${keyHeads} key heads of ${headSize} do not fit together`);
  if (architecture !== 'phi3' && architecture !== 'gpt2' && size('rope.dimension_count', headSize) !== headSize)
    throw unsupported(path, 'rotates only a part of each head');
  const layers = size('block_count');
  const embedding = tensors.get('token_embd.weight');
  if (!embedding || embedding.shape[1] !== hidden)
    throw corruptFile('gguf', path, `token_embd.weight is missing or not ${hidden} wide`);
  const epsilon = number(`attention.layer_norm_${architecture === 'gpt2' ? '' : 'rms_'}epsilon`);
  if (epsilon === undefined) throw corruptFile('gguf', path, 'the epsilon of the norms is missing');
  const theta = number('rope.freq_base') ?? (architecture === 'gemma3' ? 1_000_000 : 10_000);
  const special = (name: string): number | null => {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    return typeof id === 'number' ? id : null;
  };
  const { modelType, className } = GGUF_LAYOUTS[architecture];
  const sizes = {
    layers,
    hidden,
    heads,
    keyHeads,
    headSize,
    intermediate: size('feed_forward_length'),
    context: size('context_length'),
    epsilon: decimal(epsilon),
  };
  const config: Record<string, unknown> = {
    architectures: [className],
    model_type: modelType,
    ...(architecture === 'gpt2' ? {} : ropeConfig(gguf, architecture, theta, headSize)),
    ...familyConfig(architecture, gguf, sizes, number),
    vocab_size: embedding.shape[0],
    tie_word_embeddings: !tensors.has('output.weight'),
    bos_token_id: special('bos'),
    eos_token_id: special('eos'),
    pad_token_id: special('padding'),
    torch_dtype: 'float32',
  };
  return { architecture, layers, heads, keyHeads, headSize, config };
}

/** The metadata hold float32; the model's author wrote a short decimal. */
function decimal(value: number): number {
  return Number(value.toPrecision(7));
}

function unsupported(path: string, what: string): Failure {
  return new Failure(
    'gguf-architecture',
    `${path} ${what}.`,
    'Use the Hugging Face folder of the model, or another model.',
    2,
  );
}

function ropeConfig(
  gguf: GgufFile,
  architecture: GgufArchitecture,
  theta: number,
  headSize: number,
): Record<string, unknown> {
  const scaling = architecture === 'phi3' ? undefined : ropeScaling(gguf, architecture, theta, headSize);
  return { rope_theta: decimal(theta), ...(scaling ? { rope_scaling: scaling } : {}) };
}

function ropeScaling(
  { path, metadata, tensors }: GgufFile,
  architecture: GgufArchitecture,
  theta: number,
  headSize: number,
): Record<string, unknown> | undefined {
  const factors = tensors.get('rope_freqs.weight');
  if (factors) return llama3Scaling(path, readFloats(factors), theta, headSize);
  const type = metadata.get(`${architecture}.rope.scaling.type`);
  if (type === undefined || type === 'none') return undefined;
  const factor = metadata.get(`${architecture}.rope.scaling.factor`);
  if ((type !== 'linear' && type !== 'yarn') || typeof factor !== 'number')
    throw unsupported(path, `scales its rotary embedding in the way ${JSON.stringify(type)}`);
  const original = metadata.get(`${architecture}.rope.scaling.original_context_length`);
  return {
    rope_type: type,
    factor,
    ...(typeof original === 'number' ? { original_max_position_embeddings: original } : {}),
  };
}

/**
 * Llama 3.1 and later store only the divisors of the frequencies. All published models made them with the same three
 * numbers and their own factor, which is the largest divisor; that they reproduce the stored ones is checked.
 */
function llama3Scaling(
  path: string,
  divisors: Float32Array,
  theta: number,
  headSize: number,
): Record<string, unknown> | undefined {
  const factor = decimal(Math.max(...divisors));
  if (divisors.every((divisor) => divisor === 1)) return undefined;
  const [low, high, original] = [1, 4, 8192];
  const expected = Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headSize);
    if (wavelength < original / high) return 1;
    if (wavelength > original / low) return factor;
    const smooth = (original / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
  if (divisors.length !== expected.length || expected.some((value, i) => Math.abs(value / divisors[i]! - 1) > 1e-4))
    throw unsupported(path, 'scales its rotary embedding in an unknown way');
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  };
}
