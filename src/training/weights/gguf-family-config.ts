/** The part of Hugging Face's `config.json` in which families differ, from the metadata of a GGUF file. */
import { corruptFile } from './files';
import { type GgufArchitecture, OTHERWISE_SCALED } from './gguf-architectures';
import type { GgufFile } from './gguf';
import { readFloats, requireTensor } from './tensor-info';

export interface GgufSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  readonly intermediate: number;
  readonly context: number;
  readonly epsilon: number;
}

/** `number` reads a number of the architecture's own metadata, e.g. "attention.sliding_window". */
export function familyConfig(
  architecture: GgufArchitecture,
  gguf: GgufFile,
  sizes: GgufSizes,
  number: (key: string) => number | undefined,
): Record<string, unknown> {
  const { layers, hidden, heads, headSize } = sizes;
  // llama.cpp tells them so, too.
  const scalar = layers === OTHERWISE_SCALED[architecture] ? hidden / heads : headSize;
  const gemma = { hidden_activation: 'gelu_pytorch_tanh', sliding_window: number('attention.sliding_window') ?? 4096 };
  switch (architecture) {
    case 'llama':
      return { ...silu(sizes), attention_bias: gguf.tensors.has('blk.0.attn_q.bias'), mlp_bias: false };
    case 'qwen2':
    case 'qwen3':
      return { ...silu(sizes), use_sliding_window: false };
    case 'smollm3':
      // The file does not say which layers have no RoPE; llama.cpp takes every fourth.
      return { ...silu(sizes), no_rope_layer_interval: 4, use_sliding_window: false };
    case 'gemma2':
      return {
        ...llamaSizes(sizes),
        ...gemma,
        query_pre_attn_scalar: scalar,
        attn_logit_softcapping: number('attn_logit_softcapping') ?? null,
        final_logit_softcapping: number('final_logit_softcapping') ?? null,
      };
    case 'gemma3':
      return {
        ...llamaSizes(sizes),
        ...gemma,
        query_pre_attn_scalar: scalar,
        attn_logit_softcapping: null,
        final_logit_softcapping: number('final_logit_softcapping') ?? null,
        sliding_window_pattern: 6,
        rope_local_base_freq: number('rope.freq_base_swa') ?? 10_000,
      };
    case 'phi3':
      // 0 stands for none.
      return {
        ...silu(sizes),
        sliding_window: number('attention.sliding_window') || null,
        ...phi3Rope(gguf, sizes, number),
      };
    case 'gpt2':
      return {
        activation_function: 'gelu_new',
        n_embd: hidden,
        n_inner: sizes.intermediate,
        n_layer: layers,
        n_head: heads,
        n_positions: sizes.context,
        layer_norm_epsilon: sizes.epsilon,
      };
  }
}

const silu = (sizes: GgufSizes): Record<string, unknown> => ({ hidden_act: 'silu', ...llamaSizes(sizes) });

const llamaSizes = (sizes: GgufSizes): Record<string, unknown> => ({
  hidden_size: sizes.hidden,
  intermediate_size: sizes.intermediate,
  num_hidden_layers: sizes.layers,
  num_attention_heads: sizes.heads,
  num_key_value_heads: sizes.keyHeads,
  head_dim: sizes.headSize,
  max_position_embeddings: sizes.context,
  rms_norm_eps: sizes.epsilon,
});

/** The factors of its longrope are tensors of the file. */
function phi3Rope(
  gguf: GgufFile,
  { headSize, context }: GgufSizes,
  number: (key: string) => number | undefined,
): Record<string, unknown> {
  const rotated = number('rope.dimension_count') ?? headSize;
  const part = rotated === headSize ? {} : { partial_rotary_factor: rotated / headSize };
  const original = number('rope.scaling.original_context_length') ?? context;
  if (!gguf.tensors.has('rope_factors_long.weight')) return { ...part, original_max_position_embeddings: original };
  const factors = (which: string): number[] => {
    const values = [...readFloats(requireTensor(gguf, `rope_factors_${which}.weight`))];
    if (values.length === rotated / 2) return values;
    throw corruptFile(
      'gguf',
      gguf.path,
      `rope_factors_${which}.weight has ${values.length} values, not ${rotated / 2}`,
    );
  };
  const attention = number('rope.scaling.attn_factor');
  return {
    ...part,
    original_max_position_embeddings: original,
    rope_scaling: {
      rope_type: 'longrope',
      short_factor: factors('short'),
      long_factor: factors('long'),
      ...(attention === undefined ? {} : { attention_factor: attention }),
    },
  };
}
