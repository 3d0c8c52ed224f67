import * as fs from 'node:fs';
import * as path from 'node:path';

import type { BaseModel } from './base-model';
import { writeFileAtomically } from './files';
import { isConv1d, transposed } from './gpt2-layout';
import { writeSafetensors, type FloatType } from './safetensors';
import { requireTensor } from './tensor-info';

const TORCH_NAMES: Readonly<Record<FloatType, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * Writes a whole model as a Hugging Face folder: `model.safetensors` in the given type, `config.json`, tokenizer and
 * template files. Tensors that `tensors` lacks (frozen ones) are taken from the base, one at a time.
 * Fails with `disk-full` or `write-failed`; the weights file then does not exist.
 */
export function saveHuggingFaceModel(
  folder: string,
  base: BaseModel,
  tensors: ReadonlyMap<string, Float32Array>,
  dtype: FloatType,
): void {
  for (const name of tensors.keys()) requireTensor(base, name);
  fs.mkdirSync(folder, { recursive: true });
  const tied = base.config['tie_word_embeddings'] === true;
  const kept = [...base.tensors.values()].filter(({ name }) => !(tied && name === 'lm_head.weight'));
  const gpt2 = base.config['model_type'] === 'gpt2';
  const entries = kept.map(({ name, shape }) => {
    const data = (): Float32Array => tensors.get(name) ?? base.readTensor(name);
    if (!gpt2 || !isConv1d(name)) return { name, dtype, shape, data };
    const [outFeatures, inFeatures] = shape as [number, number];
    return {
      name,
      dtype,
      shape: [inFeatures, outFeatures],
      data: (): Float32Array => transposed(data(), outFeatures, inFeatures),
    };
  });
  // The older of two spellings of the type, which every reader knows.
  const { dtype: _dtype, quantization_config: _quantization, ...config } = base.config;
  writeText(folder, 'config.json', configText({ ...config, torch_dtype: TORCH_NAMES[dtype] }));
  for (const { name, content } of base.filesToCopy) writeText(folder, name, content);
  // Last: a folder with the weights in it is complete.
  writeSafetensors(path.join(folder, 'model.safetensors'), entries, { format: 'pt' });
}

/** transformers refuses a whole number where it wants a float, and JSON.stringify makes 30 of 30.0. */
function configText(config: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(config, null, 2);
  return `${text.replace(/^( {2}"(?:\w+_softcapping|initializer_range)": \d+)(,?)$/gm, '$1.0$2')}\n`;
}

function writeText(folder: string, name: string, content: string): void {
  const bytes = Buffer.from(content);
  writeFileAtomically(path.join(folder, name), bytes.length, (write) => write(bytes));
}
