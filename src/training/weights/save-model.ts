import * as fs from 'node:fs';
import * as path from 'node:path';

import type { BaseModel, TextFile } from './base-model';
import { writeFileAtomically, writeFailure } from './files';
import { isConv1d, transposed } from './gpt2-layout';
import { requireFloat16Range } from './half-form';
import { type FloatType, type SafetensorsEntry, entryBytes, writeSafetensorsInParts } from './safetensors';

const TORCH_NAMES: Readonly<Record<FloatType, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };
const TO_FLOAT16 = 'Choose bfloat16 or float32.';

export interface SaveOptions {
  readonly dtype: FloatType;
  /** Whatever else belongs into the folder: tokenizer, chat template, model card. */
  readonly files: readonly TextFile[];
  /** Most bytes of one weights file; a tensor that is larger has a file of its own. */
  readonly maxShardBytes?: number;
  /** Waited for behind every tensor; may throw to stop the work. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => Promise<void>;
}

/**
 * Writes a whole model as a Hugging Face folder: weights in the given type, `config.json` and `files`. `tensor` gives the
 * numbers under the names and in the shapes of the base (linear weights [out, in]); it is asked for one at a time.
 * Fails with `disk-full`, `write-failed` or, naming the tensor, `float16-overflow`; a weights file is whole or not there.
 */
export async function saveHuggingFaceModel(
  folder: string,
  base: Pick<BaseModel, 'config' | 'tensors'>,
  tensor: (name: string) => Float32Array,
  { dtype, files, maxShardBytes = Infinity, onProgress }: SaveOptions,
): Promise<void> {
  const entries = entriesOf(base, tensor, dtype);
  // The older of two spellings of the type, which every reader knows.
  const { dtype: _dtype, quantization_config: _quantization, ...config } = base.config;
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeFailure(error, folder, 0);
  }
  writeText(folder, 'config.json', configText({ ...config, torch_dtype: TORCH_NAMES[dtype] }));
  for (const { name, content } of files) writeText(folder, name, content);
  const totalBytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  let doneBytes = 0;
  const after = async (entry: SafetensorsEntry): Promise<void> => {
    doneBytes += entryBytes(entry);
    await onProgress?.(doneBytes, totalBytes);
  };
  const shards = shardsOf(entries, maxShardBytes);
  const five = (n: number): string => String(n).padStart(5, '0');
  const nameOf = (i: number): string =>
    shards.length === 1 ? 'model.safetensors' : `model-${five(i + 1)}-of-${five(shards.length)}.safetensors`;
  for (const [i, shard] of shards.entries())
    await writeSafetensorsInParts(path.join(folder, nameOf(i)), shard, { format: 'pt' }, after);
  if (shards.length === 1) return;
  const places = shards.flatMap((shard, i) => shard.map(({ name }): [string, string] => [name, nameOf(i)]));
  const index = {
    metadata: { total_size: totalBytes },
    weight_map: Object.fromEntries(places.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  // Last: with it the folder is complete.
  writeText(folder, 'model.safetensors.index.json', `${JSON.stringify(index, null, 2)}\n`);
}

/** The tensors as their file holds them: without a head that is the embedding, and GPT-2's linear weights [in, out]. */
function entriesOf(
  base: Pick<BaseModel, 'config' | 'tensors'>,
  tensor: (name: string) => Float32Array,
  dtype: FloatType,
): SafetensorsEntry[] {
  const tied = base.config['tie_word_embeddings'] === true;
  const kept = [...base.tensors.values()].filter(({ name }) => !(tied && name === 'lm_head.weight'));
  const gpt2 = base.config['model_type'] === 'gpt2';
  return kept.map(({ name, shape }): SafetensorsEntry => {
    const data = (): Float32Array => {
      const numbers = tensor(name);
      if (dtype === 'F16') requireFloat16Range(name, numbers, TO_FLOAT16);
      return numbers;
    };
    if (!gpt2 || !isConv1d(name)) return { name, dtype, shape, data };
    const [outFeatures, inFeatures] = shape as [number, number];
    return { name, dtype, shape: [inFeatures, outFeatures], data: () => transposed(data(), outFeatures, inFeatures) };
  });
}

/** In the order of the model, each as full as it may be, as Hugging Face splits them. */
function shardsOf(entries: readonly SafetensorsEntry[], maxBytes: number): SafetensorsEntry[][] {
  const shards: SafetensorsEntry[][] = [[]];
  let filled = 0;
  for (const entry of entries) {
    const bytes = entryBytes(entry);
    if (filled > 0 && filled + bytes > maxBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(entry);
    filled += bytes;
  }
  return shards;
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
