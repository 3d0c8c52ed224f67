import { Failure } from '../../common/failure';
import type { BaseModel } from './base-model';
import { corruptFile } from './files';
import { readGguf } from './gguf';
import { ggufConfig, type GgufShape } from './gguf-config';
import { ggufTokenizer } from './gguf-tokenizer';
import { hashModel } from './model-hash';
import { readFloats, requireTensor, type TensorInfo } from './tensor-info';

/** Opens a GGUF file of the architectures `llama` (Llama, Mistral, SmolLM) and `qwen2` as a Hugging Face model. */
export function openGgufModel(file: string): BaseModel {
  const gguf = readGguf(file);
  const shape = ggufConfig(gguf);
  const tensors = renamed(file, gguf.tensors, shape);
  const { tokenizerJson, tokenizerConfig, chatTemplate } = ggufTokenizer(gguf, shape.architecture);
  const base = { path: file, tensors };
  return {
    ...base,
    kind: 'gguf',
    config: shape.config,
    tokenizerJson,
    tokenizerConfig,
    chatTemplate,
    readTensor: (name) => {
      const floats = readFloats(requireTensor(base, name));
      const heads = permutedHeads(name, shape);
      return heads === undefined ? floats : unpermute(floats, heads, shape.headSize);
    },
    inPlace: (name) => {
      const { dtype, file: stored, offset, bytes } = requireTensor(base, name);
      const usable = dtype === 'F32' && offset % 4 === 0 && permutedHeads(name, shape) === undefined;
      return usable ? { file: stored, offset, bytes } : undefined;
    },
    hash: () => hashModel(shape.config, tensors),
    get filesToCopy() {
      return [
        { name: 'tokenizer.json', content: JSON.stringify(tokenizerJson) },
        { name: 'tokenizer_config.json', content: `${JSON.stringify(tokenizerConfig, null, 2)}\n` },
      ];
    },
  };
}

/** Hugging Face's names by those of llama.cpp. */
const WHOLE_MODEL: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};
const IN_LAYER: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
/** Made from the configuration again; see `ggufConfig`. */
const DERIVED = 'rope_freqs.weight';

function renamed(
  path: string,
  stored: ReadonlyMap<string, TensorInfo>,
  shape: GgufShape,
): ReadonlyMap<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const info of stored.values()) {
    if (info.name === DERIVED) continue;
    const name = WHOLE_MODEL[info.name] ?? layerName(info.name);
    if (name === undefined)
      throw new Failure(
        'gguf-architecture',
        `${path} has a tensor "${info.name}" that a plain ${shape.architecture} model does not have.`,
        'Use another model, or its Hugging Face folder.',
        2,
      );
    tensors.set(name, { ...info, name });
  }
  for (const name of ['model.embed_tokens.weight', 'model.norm.weight']) requireTensor({ path, tensors }, name);
  for (let layer = 0; layer < shape.layers; layer++)
    for (const part of Object.values(IN_LAYER))
      requireTensor({ path, tensors }, `model.layers.${layer}.${part}.weight`);
  for (const { name, shape: size } of tensors.values()) {
    const heads = permutedHeads(name, shape);
    if (heads !== undefined && size[0] !== heads * shape.headSize)
      throw corruptFile('gguf', path, `"${name}" has ${size[0]} rows instead of ${heads} × ${shape.headSize}`);
  }
  return tensors;
}

function layerName(stored: string): string | undefined {
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(stored) ?? [];
  const name = part === undefined ? undefined : IN_LAYER[part];
  return name === undefined ? undefined : `model.layers.${layer}.${name}.${kind}`;
}

/** Heads whose rows llama.cpp has reordered (architecture `llama`, q and k only); `undefined` for other tensors. */
function permutedHeads(name: string, { architecture, heads, keyHeads }: GgufShape): number | undefined {
  if (architecture !== 'llama') return undefined;
  if (/\.q_proj\.\w+$/.test(name)) return heads;
  return /\.k_proj\.\w+$/.test(name) ? keyHeads : undefined;
}

/**
 * llama.cpp rotates neighbouring rows (2i, 2i+1) where Hugging Face rotates rows i and i + half of a head, so its
 * converter interleaves the two halves of every head. This undoes it: row 2i + h of the file is row h·half + i.
 */
function unpermute(stored: Float32Array, heads: number, headSize: number): Float32Array {
  const result = new Float32Array(stored.length);
  const columns = stored.length / (heads * headSize);
  const half = headSize / 2;
  for (let head = 0; head < heads; head++)
    for (let row = 0; row < headSize; row++) {
      const from = (head * headSize + row) * columns;
      const to = head * headSize + (row % 2) * half + (row >> 1);
      result.set(stored.subarray(from, from + columns), to * columns);
    }
  return result;
}
