/** Reads config.json of GPT-2, which has names of its own for everything. */
import { Failure } from '../../common/failure';
import type { DecoderConfig } from './config';
import { badConfig, readerOf } from './config-reader';
import type { JsonObject } from './rope';

/** The dropouts of its pre-training (embd_pdrop, attn_pdrop, resid_pdrop) are not applied when it is tuned. */
export function readGpt2Config(config: JsonObject, path: string): DecoderConfig {
  const { number } = readerOf(config, path);
  requirePlain(config, path);
  const layers = number('n_layer');
  const hidden = number('n_embd');
  const heads = number('n_head');
  if (hidden % heads !== 0) throw badConfig(path, `${heads} heads do not divide a width of ${hidden}`);
  return {
    family: 'gpt2',
    layers,
    hidden,
    heads,
    kvHeads: heads,
    headDim: hidden / heads,
    intermediate: number('n_inner', 4 * hidden),
    vocabulary: number('vocab_size'),
    maxPositions: number('n_positions', 1024),
    learnedPositions: true,
    norm: 'layer',
    normEpsilon: number('layer_norm_epsilon', 1e-5),
    normOffset: 0,
    ropes: {},
    layerKinds: Array.from({ length: layers }, () => ({ windowed: false, rope: 'none' })),
    tiedEmbeddings: config.tie_word_embeddings !== false,
    biases: { qkv: true, output: true, mlp: true },
    slidingWindow: undefined,
    activation: 'gelu-tanh',
    gatedMlp: false,
    qkNorm: false,
    fusedProjections: true,
    postNorms: false,
    attentionScale: config.scale_attn_weights === false ? 1 : (hidden / heads) ** -0.5,
    embeddingScale: 1,
    attentionCap: undefined,
    logitCap: undefined,
  };
}

/** gelu_fast and gelu_pytorch_tanh are the same function as gelu_new; "gelu" alone is the exact one. */
const TANH_GELUS: readonly unknown[] = ['gelu_new', 'gelu_pytorch_tanh', 'gelu_fast'];

function requirePlain(config: JsonObject, path: string): void {
  const activation = config.activation_function ?? 'gelu_new';
  const found =
    config.scale_attn_by_inverse_layer_idx === true
      ? 'scale_attn_by_inverse_layer_idx'
      : config.add_cross_attention === true
        ? 'add_cross_attention'
        : TANH_GELUS.includes(activation)
          ? undefined
          : `the activation "${String(activation)}"`;
  if (found === undefined) return;
  throw new Failure(
    'unknown-architecture',
    `${path}: a GPT-2 with ${found} is not supported.`,
    'Choose a GPT-2 as it was published, such as gpt2, gpt2-medium or distilgpt2.',
    2,
  );
}
