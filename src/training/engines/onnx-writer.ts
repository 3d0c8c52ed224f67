/** The parts of an ONNX model as protocol buffers (onnx.proto3). */
import type { Shape } from '../graph/dims';
import type { DataType } from '../graph/graph';
import type { WeightLocation } from './engine';
import { ProtobufWriter } from './protobuf';

/** TensorProto.DataType */
export const FLOAT = 1;
const UINT8 = 2;
export const UINT16 = 4;
export const INT32 = 6;
export const INT64 = 7;
export const FLOAT16 = 10;
export const BFLOAT16 = 16;

/** The number of a type; NF4 weights are several tensors. */
export function tensorType(dataType: DataType): number {
  if (dataType === 'nf4') throw new Error('An NF4 weight is no tensor.');
  return TYPES[dataType];
}

const TYPES: Readonly<Record<Exclude<DataType, 'nf4'>, number>> = {
  float32: FLOAT,
  int32: INT32,
  float16: FLOAT16,
  bfloat16: BFLOAT16,
  uint8: UINT8,
};

export type Attribute = number | readonly number[] | { readonly text: string };

export interface ValueInfo {
  readonly name: string;
  readonly shape: Shape;
  readonly type: number;
}

interface ModelParts {
  readonly nodes: readonly Uint8Array[];
  readonly initializers: readonly Uint8Array[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Sizes by name let the runtime see which buffers are equal: it plans 10,000 nodes in 1 s instead of 30, and uses
   * buffers again.
   */
  readonly intermediates: readonly ValueInfo[];
  /** Domains and versions. */
  readonly operatorSets: readonly (readonly [string, number])[];
  readonly irVersion: number;
}

export function writeModel(parts: ModelParts): Uint8Array {
  const { nodes, initializers, inputs, outputs, intermediates, operatorSets, irVersion } = parts;
  const model = new ProtobufWriter()
    .integer(1, irVersion)
    .string(2, 'fine-tune')
    .message(7, (graph) => {
      for (const bytes of nodes) graph.bytes(1, bytes);
      graph.string(2, 'program');
      for (const bytes of initializers) graph.bytes(5, bytes);
      for (const value of inputs) graph.message(11, writeValueInfo(value));
      for (const value of outputs) graph.message(12, writeValueInfo(value));
      for (const value of intermediates) graph.message(13, writeValueInfo(value));
    });
  for (const [domain, version] of operatorSets) model.message(8, (set) => set.string(1, domain).integer(2, version));
  return model.finish();
}

export function writeNode(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
  domain: string,
): Uint8Array {
  const writer = new ProtobufWriter();
  for (const input of inputs) writer.string(1, input);
  for (const output of outputs) writer.string(2, output);
  writer.string(3, outputs[0]!).string(4, type);
  for (const [name, value] of Object.entries(attributes)) {
    writer.message(5, (a) => {
      a.string(1, name);
      if (typeof value === 'number') a.integer(3, value).integer(20, 2);
      else if ('text' in value) a.string(4, value.text).integer(20, 3);
      else {
        for (const n of value) a.integer(8, n);
        a.integer(20, 7);
      }
    });
  }
  if (domain !== '') writer.string(7, domain);
  return writer.finish();
}

export function writeTensor(
  name: string,
  type: number,
  shape: readonly number[],
  data: Float32Array | BigInt64Array,
): Uint8Array {
  const writer = new ProtobufWriter();
  for (const size of shape) writer.integer(1, size);
  return writer
    .integer(2, type)
    .string(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .finish();
}

export function writeExternal(
  name: string,
  type: number,
  shape: readonly number[],
  { file, offset, bytes }: WeightLocation,
  rootFolder: string,
): Uint8Array {
  const writer = new ProtobufWriter();
  for (const size of shape) writer.integer(1, size);
  writer.integer(2, type).string(8, name);
  const relative = file.slice(rootFolder.length).replaceAll('\\', '/');
  for (const [key, value] of [
    ['location', relative],
    ['offset', String(offset)],
    ['length', String(bytes)],
  ] as const)
    writer.message(13, (entry) => entry.string(1, key).string(2, value));
  return writer.integer(14, 1).finish();
}

function writeValueInfo({ name, shape, type }: ValueInfo): (writer: ProtobufWriter) => void {
  return (info) =>
    info.string(1, name).message(2, (t) =>
      t.message(1, (tensor) =>
        tensor.integer(1, type).message(2, (s) => {
          for (const dim of shape)
            s.message(1, (d) => (typeof dim === 'number' ? d.integer(1, dim) : d.string(2, String(dim))));
        }),
      ),
    );
}
