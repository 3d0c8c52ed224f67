/** What llama.cpp's converter makes of each family: its names for the tensors, and what it changes in their values. */

export type GgufArchitecture = 'llama' | 'qwen2' | 'qwen3' | 'smollm3' | 'gemma2' | 'gemma3' | 'phi3' | 'gpt2';

export interface GgufLayout {
  /** Hugging Face's `model_type` and class. */
  readonly modelType: string;
  readonly className: string;
  /** Hugging Face's names by those of llama.cpp, for the whole model and within a layer. */
  readonly whole: Readonly<Record<string, string>>;
  readonly layers: string;
  readonly inLayer: Readonly<Record<string, string>>;
  /** The rows of q and k are interleaved within each head. */
  readonly interleaved: boolean;
  /** What the file has added to the weights of norms. */
  readonly normOffset: 0 | 1;
}

const WHOLE = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' };
const ATTENTION = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
};
const MLP = { ffn_gate: 'mlp.gate_proj', ffn_up: 'mlp.up_proj', ffn_down: 'mlp.down_proj' };
const HEAD_NORMS = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' };
const TWO_NORMS = { ...ATTENTION, ffn_norm: 'post_attention_layernorm', ...MLP };
const FOUR_NORMS = {
  ...ATTENTION,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
  ...MLP,
};
const PLAIN = { whole: WHOLE, layers: 'model.layers', inLayer: TWO_NORMS, interleaved: false, normOffset: 0 } as const;

export const GGUF_LAYOUTS: Readonly<Record<GgufArchitecture, GgufLayout>> = {
  llama: { ...PLAIN, modelType: 'llama', className: 'LlamaForCausalLM', interleaved: true },
  qwen2: { ...PLAIN, modelType: 'qwen2', className: 'Qwen2ForCausalLM' },
  qwen3: { ...PLAIN, modelType: 'qwen3', className: 'Qwen3ForCausalLM', inLayer: { ...TWO_NORMS, ...HEAD_NORMS } },
  smollm3: { ...PLAIN, modelType: 'smollm3', className: 'SmolLM3ForCausalLM', interleaved: true },
  gemma2: { ...PLAIN, modelType: 'gemma2', className: 'Gemma2ForCausalLM', inLayer: FOUR_NORMS, normOffset: 1 },
  gemma3: {
    ...PLAIN,
    modelType: 'gemma3_text',
    className: 'Gemma3ForCausalLM',
    inLayer: { ...FOUR_NORMS, ...HEAD_NORMS },
    normOffset: 1,
  },
  phi3: {
    ...PLAIN,
    modelType: 'phi3',
    className: 'Phi3ForCausalLM',
    inLayer: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'self_attn.qkv_proj',
      attn_output: 'self_attn.o_proj',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.gate_up_proj',
      ffn_down: 'mlp.down_proj',
    },
  },
  gpt2: {
    ...PLAIN,
    modelType: 'gpt2',
    className: 'GPT2LMHeadModel',
    whole: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
    layers: 'transformer.h',
    inLayer: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
  },
};

/** The one size of each Gemma, by its layers, whose attention is scaled by hidden / heads and not by the size of a head. */
export const OTHERWISE_SCALED: Readonly<Partial<Record<GgufArchitecture, number>>> = { gemma2: 46, gemma3: 62 };

export function isGgufArchitecture(name: unknown): name is GgufArchitecture {
  return typeof name === 'string' && Object.hasOwn(GGUF_LAYOUTS, name);
}
