import { expect, it } from 'vitest';
import { loraName, loraScale, moduleOf, usualTargets } from '../../../src/training/adapters/lora';
import { magnitudeName } from '../../../src/training/adapters/dora';
import { linearModules } from '../../../src/training/models/tensors';
import { MODELS, loadOracle } from '../oracle';

// PEFT's TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING; it has no row for Phi-3, whose matrix holds q, k and v.
it.each(MODELS)('%s: the layers that are adapted when none are named', (model) => {
  const expected = model.startsWith('phi3') ? ['qkv_proj'] : model === 'gpt2' ? ['c_attn'] : ['q_proj', 'v_proj'];
  expect(usualTargets(linearModules(loadOracle(model).config))).toEqual(expected);
});

it('the scale is alpha / r, rank-stabilised alpha / √r', () => {
  const config = { r: 16, alpha: 32, dropout: 0, targetModules: [] };
  expect(loraScale(config)).toBe(2);
  expect(loraScale({ ...config, rslora: true })).toBe(8);
});

it('a tensor of an adapter tells its module', () => {
  const module = 'model.layers.0.self_attn.q_proj';
  for (const name of [loraName(module, 'A'), loraName(module, 'B'), magnitudeName(module)])
    expect(moduleOf(name)).toBe(module);
});
