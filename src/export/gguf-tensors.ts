/** The tensors of a model as llama.cpp has them. */
import { layerName, baseTensors } from '../training/models/tensors';
import type { DecoderConfig } from '../training/models/config';
import { GGUF_LAYOUTS } from '../training/weights/gguf-architectures';
import { permute, permutedHeads, raisedBy, storedName } from '../training/weights/gguf-layout';
import type { GgufTensorHead } from './gguf-file';
import { headsOf } from './gguf-metadata';
import { ropeTensors } from './gguf-rope';
import { type GgufTensorType, type GgufType, typeOf } from './gguf-types';
import { type Merged, mergedTensor } from './merge';

export interface GgufTensor extends GgufTensorHead {
  readonly type: GgufTensorType;
  /** Row-major values; reads the base, so it takes time and memory. */
  readonly read: () => Float32Array;
}

/** In the order in which a forward pass needs them. */
export function ggufTensors(subject: Merged, wanted: GgufType): GgufTensor[] {
  const { config } = subject.checked;
  const heads = headsOf(config);
  const layout = GGUF_LAYOUTS[heads.architecture];
  const extra = [...ropeTensors(config)].map(([name, values]): GgufTensor => ({
    name,
    type: 'F32',
    shape: [values.length],
    read: () => values,
  }));
  const tensors = inOrder(config).map(({ name, shape }): GgufTensor => {
    const stored = storedName(layout, name);
    if (stored === undefined) throw new Error(`${name} has no place in a GGUF file of ${heads.architecture}`);
    const read = (): Float32Array => {
      const values = mergedTensor(subject, name);
      const raised = raisedBy(name, heads.architecture);
      if (raised !== 0) return values.map((value) => value + raised);
      const permuted = permutedHeads(name, heads);
      return permuted === undefined ? values : permute(values, permuted, heads.headSize);
    };
    return { name: stored, shape, read, type: typeOf(stored, shape, wanted, { tied: config.tiedEmbeddings }) };
  });
  return [...extra, ...tensors];
}

function inOrder(config: DecoderConfig): ReturnType<typeof baseTensors> {
  const place = ({ name }: { readonly name: string }): number => {
    for (let layer = 0; layer < config.layers; layer++)
      if (name.startsWith(`${layerName(config, layer)}.`)) return layer;
    return /embed|wte|wpe/.test(name) ? -1 : config.layers;
  };
  const placed = baseTensors(config).map((tensor) => ({ tensor, at: place(tensor) }));
  return placed.sort((a, b) => a.at - b.at).map(({ tensor }) => tensor);
}
