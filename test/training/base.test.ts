import { describe, expect, it } from 'vitest';
import { checkBase } from '../../src/training/base';
import { openBaseModel } from '../../src/training/weights/base-model';
import { oracle } from './weights/support';

describe('a base model is checked against the settings', () => {
  const gpt2 = openBaseModel(oracle('families/gpt2.gguf'));
  const settings = { template: 'chatml', method: 'lora', target_modules: null } as const;

  it('with learned positions: no record may be longer than they reach', () => {
    expect(() => checkBase(gpt2, { ...settings, max_length: 41 })).toThrow(
      expect.objectContaining({
        code: 'max-length-beyond-positions',
        exitCode: 2,
        message: expect.stringMatching(
          /max_length is 41, but .*gpt2\.gguf has learned vectors for 40 positions only/,
        ) as string,
        hint: 'Set max_length to 40 or less.',
      }),
    );
    expect(checkBase(gpt2, { ...settings, max_length: 40 }).targetModules).toEqual(['c_attn']);
  });

  it('with angles: any length goes', () => {
    const qwen3 = openBaseModel(oracle('families/qwen3.gguf'));
    expect(checkBase(qwen3, { ...settings, max_length: 4096 }).targetModules).toEqual(['q_proj', 'v_proj']);
  });
});
