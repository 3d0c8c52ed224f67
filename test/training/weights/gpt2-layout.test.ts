import * as fs from 'node:fs';
import * as path from 'node:path';

import { describe, expect, test } from 'vitest';

import { createTokenizer } from '../../../src/dataset/tokenizer';
import { openBaseModel } from '../../../src/training/weights/base-model';
import { writeSafetensors } from '../../../src/training/weights/safetensors';
import { saveHuggingFaceModel } from '../../../src/training/weights/save-model';
import { readTensors } from '../oracle';
import { temporaryFolder } from './support';

const root = temporaryFolder();
const tokenizer = {
  model: { type: 'BPE', vocab: { a: 0, '<|endoftext|>': 1 }, merges: [] },
  added_tokens: [{ id: 1, content: '<|endoftext|>', special: true }],
};

function folder(name: string, tensors: Record<string, readonly [number[], number[]]>): string {
  const place = path.join(root, name);
  fs.mkdirSync(place);
  fs.writeFileSync(path.join(place, 'config.json'), JSON.stringify({ model_type: 'gpt2', eos_token_id: 1 }));
  fs.writeFileSync(path.join(place, 'tokenizer.json'), JSON.stringify(tokenizer));
  const entries = Object.entries(tensors).map(([tensor, [shape, values]]) => ({
    name: tensor,
    dtype: 'F32' as const,
    shape,
    data: Float32Array.from(values),
  }));
  writeSafetensors(path.join(place, 'model.safetensors'), entries, {});
  return place;
}

// As the files of openai-community/gpt2: no "transformer." in the names, masks among the weights.
const PUBLISHED = {
  'wte.weight': [
    [2, 2],
    [1, 2, 3, 4],
  ],
  'h.0.attn.bias': [[1, 1, 2, 2], new Array<number>(4).fill(1)],
  'h.0.attn.c_attn.weight': [
    [2, 3],
    [1, 2, 3, 4, 5, 6],
  ],
  'h.0.attn.c_attn.bias': [[3], [7, 8, 9]],
  'ln_f.weight': [[2], [5, 6]],
} satisfies Record<string, readonly [number[], number[]]>;

describe('GPT-2 as it was published', () => {
  const place = folder('published', PUBLISHED);
  const model = openBaseModel(place);

  test('has the names of the model class, linear weights [out, in], and no masks', () => {
    expect(Object.fromEntries([...model.tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
      'transformer.wte.weight': [2, 2],
      'transformer.h.0.attn.c_attn.weight': [3, 2],
      'transformer.h.0.attn.c_attn.bias': [3],
      'transformer.ln_f.weight': [2],
    });
    expect([...model.readTensor('transformer.h.0.attn.c_attn.weight')]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(model.inPlace('transformer.h.0.attn.c_attn.weight')).toBeUndefined();
    expect(model.inPlace('transformer.wte.weight')).toBeDefined();
  });

  test('its end of text is known by the id in config.json', () => {
    expect(createTokenizer(model.tokenizerJson, model.tokenizerConfig).eos).toEqual({ id: 1, text: '<|endoftext|>' });
  });

  test('is saved with linear weights [in, out] again, trained ones too', async () => {
    const target = path.join(root, 'saved');
    const trained = new Map([['transformer.h.0.attn.c_attn.weight', Float32Array.of(10, 40, 20, 50, 30, 60)]]);
    const tensor = (name: string): Float32Array => trained.get(name) ?? model.readTensor(name);
    await saveHuggingFaceModel(target, model, tensor, { dtype: 'F32', files: model.filesToCopy });
    const saved = readTensors(path.join(target, 'model.safetensors'));
    expect(saved.get('transformer.h.0.attn.c_attn.weight')).toEqual({
      shape: [2, 3],
      data: Float32Array.of(10, 20, 30, 40, 50, 60),
    });
    expect(saved.get('transformer.wte.weight')?.data).toEqual(Float32Array.of(1, 2, 3, 4));
    const again = openBaseModel(target);
    expect(again.tensors.size).toBe(4);
    expect([...again.readTensor('transformer.h.0.attn.c_attn.weight')]).toEqual([10, 40, 20, 50, 30, 60]);
  });
});
