/** What the hub of the tests holds. */
import { randomBytes } from 'node:crypto';
import type { Repository } from './hub-server';

export const COMMIT = 'a'.repeat(40);
export const WEIGHTS = randomBytes(200_000);
const CONFIG = JSON.stringify({
  model_type: 'llama',
  num_hidden_layers: 1,
  hidden_size: 8,
  num_attention_heads: 2,
  intermediate_size: 8,
  vocab_size: 8,
});
export const SMALL_BYTES = WEIGHTS.length + CONFIG.length + '# Small{}{}'.length;
const SMALL: Repository = {
  commit: COMMIT,
  branches: { main: COMMIT, 'refs/pr/1': COMMIT },
  licence: 'apache-2.0',
  files: {
    '.gitattributes': '*.bin filter=lfs',
    'README.md': '# Small',
    'config.json': CONFIG,
    'tokenizer.json': '{}',
    'tokenizer_config.json': '{}',
    'model.safetensors': WEIGHTS,
    'pytorch_model.bin': randomBytes(10),
    'onnx/model.onnx': 'x',
  },
};
export const SHARDS = [randomBytes(1000), randomBytes(2000)] as const;
export const REPOSITORIES: Readonly<Record<string, Repository>> = {
  'org/small': SMALL,
  'org/gated': { ...SMALL, gatedFor: 'hf_right' },
  'org/sharded': {
    commit: COMMIT,
    files: {
      'config.json': CONFIG,
      'tokenizer.json': '{}',
      'model.safetensors.index.json': JSON.stringify({
        weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
      }),
      'model-00001-of-00002.safetensors': SHARDS[0],
      'model-00002-of-00002.safetensors': SHARDS[1],
      'consolidated.safetensors': randomBytes(5000),
    },
  },
  'org/six-digits': {
    commit: COMMIT,
    files: {
      'config.json': CONFIG,
      'tokenizer.json': '{}',
      'model.safetensors.index.json': '{"weight_map":{"a":"model-00001-of-000001.safetensors"}}',
      'model-00001-of-000001.safetensors': SHARDS[0],
    },
  },
  'org/half': {
    commit: COMMIT,
    files: {
      'config.json': CONFIG,
      'tokenizer.json': '{}',
      'model.safetensors.index.json': '{"weight_map":{"a":"model-00001-of-00002.safetensors"}}',
    },
  },
  'org/experts': { ...SMALL, files: { ...SMALL.files, 'config.json': '{"model_type":"mixtral"}' } },
  'org/wordless': { commit: COMMIT, files: { 'config.json': CONFIG, 'model.safetensors': WEIGHTS } },
  'org/quants': {
    commit: COMMIT,
    files: {
      'small-q4_k_m.gguf': randomBytes(300),
      'small-Q8_0.gguf': randomBytes(600),
      'BF16/small-BF16.gguf': randomBytes(900),
    },
  },
  'org/pickle': { commit: COMMIT, files: { 'config.json': '{}', 'pytorch_model.bin': 'x' } },
  'org/adapter': { commit: COMMIT, files: { 'adapter_config.json': '{}', 'adapter_model.safetensors': 'x' } },
  'org/evil': {
    commit: COMMIT,
    files: { ...SMALL.files, '../../outside/README.md': 'x', '/etc/licence.md': 'x', 'a\\..\\..\\LICENSE': 'x' },
  },
};
