import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeSafetensors } from '../../src/training/weights/safetensors';
import { HEAD, initialWeights, type Shape } from './initial-weights';
import { SHAPE } from './recipe';
import { SPECIALS } from './tokenizer';

/** Writes `config.json` and `model.safetensors` (float32) of an untrained Llama into a folder. */
export function writeFirstModel(folder: string, shape: Shape = SHAPE, seed = 1): void {
  writeFileSync(path.join(folder, 'config.json'), `${JSON.stringify(config(shape), undefined, 2)}\n`);
  const entries = [...initialWeights(shape, seed)].map(([name, matrix]) => ({
    name,
    dtype: 'F32' as const,
    shape: matrix.shape,
    data: matrix.data,
  }));
  writeSafetensors(path.join(folder, 'model.safetensors'), entries, { format: 'pt' });
}

function config(shape: Shape): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: shape.hidden,
    num_hidden_layers: shape.layers,
    intermediate_size: shape.intermediate,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: HEAD,
    vocab_size: shape.vocabulary,
    max_position_embeddings: 512,
    rope_theta: shape.ropeTheta,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
    attention_bias: false,
    attention_dropout: 0,
    mlp_bias: false,
    tie_word_embeddings: true,
    initializer_range: 0.06,
    use_cache: true,
    bos_token_id: null,
    eos_token_id: SPECIALS.indexOf('<|im_end|>'),
    pad_token_id: SPECIALS.indexOf('<|endoftext|>'),
    torch_dtype: 'float32',
  };
}
