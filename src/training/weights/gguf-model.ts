import { Failure } from '../../common/failure';
import type { BaseModel } from './base-model';
import { corruptFile } from './files';
import { readGguf } from './gguf';
import { GGUF_LAYOUTS } from './gguf-architectures';
import { ggufConfig, type GgufShape } from './gguf-config';
import { nameIn, permutedHeads, raisedBy, unpermute } from './gguf-layout';
import { ggufTokenizer } from './gguf-tokenizer';
import { hashModel } from './model-hash';
import { readFloats, requireTensor, type TensorInfo } from './tensor-info';

/** Opens a GGUF file of the architectures in `GGUF_LAYOUTS` as a Hugging Face model; `llama` is Llama, Mistral, SmolLM. */
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
      const raised = raisedBy(name, shape.architecture);
      if (raised !== 0) return floats.map((value) => value - raised);
      const heads = permutedHeads(name, shape);
      return heads === undefined ? floats : unpermute(floats, heads, shape.headSize);
    },
    inPlace: (name, type = 'F32') => {
      const { dtype, file: stored, offset, bytes } = requireTensor(base, name);
      const usable =
        dtype === type &&
        offset % 4 === 0 &&
        permutedHeads(name, shape) === undefined &&
        raisedBy(name, shape.architecture) === 0;
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

/** They are in the configuration; see `ggufConfig`. */
const DERIVED: readonly string[] = ['rope_freqs.weight', 'rope_factors_long.weight', 'rope_factors_short.weight'];

function renamed(
  path: string,
  stored: ReadonlyMap<string, TensorInfo>,
  shape: GgufShape,
): ReadonlyMap<string, TensorInfo> {
  const layout = GGUF_LAYOUTS[shape.architecture];
  const tensors = new Map<string, TensorInfo>();
  for (const info of stored.values()) {
    if (DERIVED.includes(info.name)) continue;
    const name = nameIn(layout, info.name);
    if (name === undefined)
      throw new Failure(
        'gguf-architecture',
        `${path} has a tensor "${info.name}" that a plain ${shape.architecture} model does not have.`,
        'Use another model, or its Hugging Face folder.',
        2,
      );
    tensors.set(name, { ...info, name });
  }
  const { output: _head, ...whole } = layout.whole;
  for (const part of Object.values(whole)) requireTensor({ path, tensors }, `${part}.weight`);
  for (let layer = 0; layer < shape.layers; layer++)
    for (const part of Object.values(layout.inLayer))
      requireTensor({ path, tensors }, `${layout.layers}.${layer}.${part}.weight`);
  for (const { name, shape: size } of tensors.values()) {
    const heads = permutedHeads(name, shape);
    if (heads !== undefined && size[0] !== heads * shape.headSize)
      throw corruptFile('gguf', path, `"${name}" has ${size[0]} rows instead of ${heads} × ${shape.headSize}`);
  }
  return tensors;
}
