/** The parts of an ONNX model as protocol buffers (onnx.proto3). */
import type { Shape } from '../graph/dims';
import type { WeightLocation } from './engine';
import { ProtobufWriter } from './protobuf';

/** TensorProto.DataType */
export const FLOAT = 1;
export const UINT8 = 2;
export const UINT16 = 4;
export const INT32 = 6;
export const INT64 = 7;
export const FLOAT16 = 10;
export const BFLOAT16 = 16;

export type Attribute = number | readonly number[] | { readonly text: string };

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

export function writeValueInfo(name: string, shape: Shape, type: number): (writer: ProtobufWriter) => void {
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
