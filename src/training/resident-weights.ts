/** Frozen tensors that are read into memory once, as they are stored, and handed to every run as inputs. */
import type { Tensor, WeightSource } from './engines/engine';
import type { DataType } from './graph/graph';
import { readExactly, withFile } from './weights/files';

const held = new WeakMap<WeightSource, Map<string, Tensor['data']>>();

/** The numbers of a tensor, or their bits or codes; sessions that share a source share the memory. */
export function residentWeight(source: WeightSource, name: string): Tensor['data'] {
  const tensors = held.get(source) ?? new Map<string, Tensor['data']>();
  held.set(source, tensors);
  const known = tensors.get(name);
  if (known) return known;
  const { file, offset, bytes, dataType = 'float32' } = source.location(name);
  const buffer = new Uint8Array(new ArrayBuffer(bytes));
  withFile(file, (descriptor) => readExactly(descriptor, file, buffer, offset));
  const data = view(buffer, dataType);
  tensors.set(name, data);
  return data;
}

function view(bytes: Uint8Array<ArrayBuffer>, type: DataType): Tensor['data'] {
  if (type === 'float32') return new Float32Array(bytes.buffer);
  return type === 'float16' || type === 'bfloat16' ? new Uint16Array(bytes.buffer) : bytes;
}
