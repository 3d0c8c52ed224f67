import { describe, expect, it } from 'vitest';
import { readDecoderConfig } from '../../../src/training/models/config';

const SIZES = {
  num_hidden_layers: 7,
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 96,
  vocab_size: 100,
};
const GPT2 = { n_layer: 2, n_embd: 64, n_head: 4 };
const read = (config: Record<string, unknown>) => readDecoderConfig({ ...SIZES, ...config }, 'models/x/config.json');
const windows = (config: Record<string, unknown>): string =>
  read(config)
    .layerKinds.map(({ windowed, rope }) => `${windowed ? 'w' : 'f'}${rope[0]}`)
    .join(' ');

// What transformers 5.18 makes of the same keys: its config classes' defaults, `layer_types` and `no_rope_layers`.
describe('the defaults of a family', () => {
  it('Gemma 3: five layers with a window and local angles, then one without', () => {
    expect(windows({ model_type: 'gemma3_text' })).toBe('wl wl wl wl wl fg wl');
    expect(windows({ model_type: 'gemma3_text', sliding_window_pattern: 2 })).toBe('wl fg wl fg wl fg wl');
  });
  it('Gemma 2: every other layer has a window', () => {
    expect(windows({ model_type: 'gemma2' })).toBe('wg fg wg fg wg fg wg');
  });
  it('SmolLM 3: every fourth layer has no RoPE', () => {
    expect(windows({ model_type: 'smollm3' })).toBe('fg fg fg fn fg fg fg');
    expect(windows({ model_type: 'smollm3', no_rope_layers: [0, 1, 0, 1, 1, 1, 1] })).toBe('fn fg fn fg fg fg fg');
    const sliding = { use_sliding_window: true, sliding_window: 8 };
    expect(windows({ model_type: 'smollm3', ...sliding })).toBe('fg fg fg wn fg fg fg');
  });
  it('Qwen: windows only when switched on, and from max_window_layers on', () => {
    const window = { sliding_window: 8, max_window_layers: 5 };
    expect(windows({ model_type: 'qwen3', ...window })).toBe('fg fg fg fg fg fg fg');
    expect(windows({ model_type: 'qwen3', use_sliding_window: true, ...window })).toBe('fg fg fg fg fg wg wg');
    expect(windows({ model_type: 'qwen2', use_sliding_window: true, ...window })).toBe('fg fg fg fg fg wg wg');
  });
  it('Mistral and Phi-3: all layers, when there is a window', () => {
    expect(windows({ model_type: 'mistral', sliding_window: 8 })).toBe('wg wg wg wg wg wg wg');
    expect(windows({ model_type: 'phi3', sliding_window: null })).toBe('fg fg fg fg fg fg fg');
  });
  it('layer_types win', () => {
    const types = ['full_attention', ...Array<string>(6).fill('sliding_attention')];
    expect(windows({ model_type: 'gemma3_text', layer_types: types })).toBe('fg wl wl wl wl wl wl');
  });

  it('numbers that the file leaves out', () => {
    expect(read({ model_type: 'gemma2' })).toMatchObject({
      headDim: 256,
      tiedEmbeddings: true,
      slidingWindow: 4096,
      attentionCap: 50,
      logitCap: 30,
      attentionScale: 1 / 16,
      embeddingScale: 8,
      activation: 'gelu-tanh',
    });
    expect(read({ model_type: 'gemma2', attn_logit_softcapping: null }).attentionCap).toBeUndefined();
    expect(read({ model_type: 'gemma3_text' })).toMatchObject({ attentionCap: undefined, logitCap: undefined });
    expect(read({ model_type: 'mistral' }).slidingWindow).toBe(4096);
    expect(read({ model_type: 'mistral', sliding_window: null }).slidingWindow).toBeUndefined();
    expect(read({ model_type: 'qwen3' })).toMatchObject({ headDim: 128, qkNorm: true, tiedEmbeddings: false });
    expect(read({ model_type: 'smollm3' })).toMatchObject({ headDim: 16, tiedEmbeddings: true });
    expect(read({ model_type: 'smollm3' }).ropes.global?.theta).toBe(2_000_000);
    expect(read({ model_type: 'phi3' })).toMatchObject({ fusedProjections: true, normEpsilon: 1e-5 });
  });

  it('Gemma 3 has two sets of angles, in old and new files', () => {
    const scaling = { rope_type: 'linear', factor: 8 };
    const expected = { global: { theta: 1e6, scaling: { type: 'linear', factor: 8 } }, local: { theta: 1e4 } };
    const old = { rope_theta: 1e6, rope_local_base_freq: 1e4, rope_scaling: scaling };
    expect(read({ model_type: 'gemma3_text', ...old }).ropes).toMatchObject(expected);
    const nested = { full_attention: { rope_theta: 1e6, ...scaling }, sliding_attention: { rope_theta: 1e4 } };
    expect(read({ model_type: 'gemma3_text', rope_parameters: nested }).ropes).toMatchObject(expected);
  });
});

describe('what is not supported is refused with what to do', () => {
  it.each([
    [{ model_type: 'mamba' }, 'unknown-architecture', '"mamba"', 'qwen3'],
    [{}, 'unknown-architecture', '"not named"', 'llama'],
    [{ model_type: 'toString' }, 'unknown-architecture', '"toString"', 'llama'],
    [{ model_type: 'gemma3' }, 'unknown-architecture', '"gemma3"', 'gemma3_text'],
    [{ model_type: 'gemma3_text', use_bidirectional_attention: true }, 'unknown-architecture', 'both', 'write'],
    [{ model_type: 'phi3', rope_scaling: { type: 'su' } }, 'bad-model-config', '"short_factor"', 'again'],
    [{ model_type: 'llama', partial_rotary_factor: 0.5 }, 'unknown-architecture', 'partial_rotary_factor', 'another'],
    [{ model_type: 'llama', rope_scaling: { type: 'axial' } }, 'unknown-architecture', '"axial"', 'shorter context'],
    [{ model_type: 'mixtral', num_local_experts: 8 }, 'unknown-architecture', 'mixture of experts', 'dense'],
    [{ model_type: 'qwen3_moe' }, 'unknown-architecture', 'mixture of experts', 'qwen3'],
    [{ model_type: 'qwen2_5_vl', vision_config: {} }, 'unknown-architecture', 'reads images', 'text alone'],
    [{ model_type: 't5', is_encoder_decoder: true }, 'unknown-architecture', 'encoder with a decoder', 'llama'],
    [{ model_type: 'gpt2', ...GPT2, n_head: 5 }, 'bad-model-config', '5 heads', 'again'],
    [{ model_type: 'gpt2', ...GPT2, scale_attn_by_inverse_layer_idx: true }, 'unknown-architecture', 'inverse', 'gpt2'],
    [{ model_type: 'gpt2', ...GPT2, activation_function: 'gelu' }, 'unknown-architecture', '"gelu"', 'gpt2'],
    [
      { model_type: 'llama', quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true } },
      'quantized-checkpoint',
      'bitsandbytes (4 bits)',
      'qlora',
    ],
    [
      { model_type: 'llama', quantization_config: { quant_method: 'gptq', bits: 8 } },
      'quantized-checkpoint',
      'gptq (8 bits)',
      'GPTQ',
    ],
    [{ model_type: 'qwen2', quantization_config: { quant_method: 'awq' } }, 'quantized-checkpoint', 'awq', 'AWQ'],
    [{ model_type: 'llama', hidden_act: 'relu' }, 'unknown-architecture', '"relu"', 'SiLU'],
    [
      { model_type: 'qwen3', layer_types: Array(7).fill('chunked') },
      'unknown-architecture',
      '"chunked"',
      'layer_types',
    ],
    [{ model_type: 'qwen3', layer_types: ['full_attention'] }, 'bad-model-config', '7 layers', 'again'],
    [{ model_type: 'smollm3', no_rope_layers: 3 }, 'bad-model-config', '"no_rope_layers"', 'again'],
    [{ model_type: 'gemma2', query_pre_attn_scalar: 0 }, 'bad-model-config', '"query_pre_attn_scalar"', 'again'],
  ])('%j', (config, code, message, hint) => {
    expect(() => read(config)).toThrow(
      expect.objectContaining({
        code,
        exitCode: 2,
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      }),
    );
  });
});
