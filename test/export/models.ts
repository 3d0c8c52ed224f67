/** Small models and adapters for the tests of exports. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../src/common/random';
import { type Subject, openSubjects } from '../../src/evaluation/subject';
import { magnitudeName } from '../../src/training/adapters/dora';
import { type LoraConfig, isTarget, loraName } from '../../src/training/adapters/lora';
import { linearModules } from '../../src/training/models/tensors';
import type { Parameter } from '../../src/training/optimizer';

const TESTS = join(__dirname, '..');

/** A model of the training oracles, which have no tokenizer, with one of single bytes. */
export function trainingModel(name: string, folder: string, config: Record<string, unknown> = {}): string {
  const source = join(TESTS, 'training', 'oracles', name);
  const described = JSON.parse(readFileSync(join(source, 'config.json'), 'utf8')) as Record<string, unknown>;
  const target = join(folder, name);
  cpSync(join(source, 'model.safetensors'), join(target, 'model.safetensors'));
  writeFileSync(join(target, 'config.json'), JSON.stringify({ ...described, ...config }));
  // The printable characters of ASCII, which stand for themselves among the 256 of byte-level BPE, and Ġ for the space.
  const vocab = Object.fromEntries(
    [...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)), 'Ġ', 'Ċ'].map((c, i) => [c, i]),
  );
  const added = ['<|im_start|>', '<|im_end|>'].map((content, i) => ({
    id: 96 + i,
    content,
    special: true,
    normalized: false,
  }));
  const pre_tokenizer = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  const json = {
    added_tokens: added,
    pre_tokenizer,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges: [] },
  };
  writeFileSync(join(target, 'tokenizer.json'), JSON.stringify(json));
  writeFileSync(join(target, 'tokenizer_config.json'), JSON.stringify({ eos_token: '<|im_end|>' }));
  return target;
}

/** The base with an adapter of random numbers over it. */
export function withAdapter(path: string, options: Partial<LoraConfig> = {}, seed = 7): Subject {
  const { base } = openSubjects(path);
  const lora: LoraConfig = { r: 4, alpha: 8, dropout: 0, targetModules: ['all-linear'], ...options };
  const random = createRandom(seed);
  const numbers = (length: number): Float32Array => new Float32Array(length).map(() => (random.next() - 0.5) / 4);
  const targets = linearModules(base.checked.config).filter(({ module }) => isTarget(module, lora.targetModules));
  const parameters = targets.flatMap(({ module, inFeatures, outFeatures }): Parameter[] => [
    { name: loraName(module, 'A'), shape: [lora.r, inFeatures], data: numbers(lora.r * inFeatures) },
    { name: loraName(module, 'B'), shape: [outFeatures, lora.r], data: numbers(outFeatures * lora.r) },
    ...(lora.dora
      ? [{ name: magnitudeName(module), shape: [outFeatures], data: numbers(outFeatures).map((x) => 1 + x) }]
      : []),
  ]);
  return { ...base, adapter: { folder: '', baseName: '', lora, parameters } };
}
