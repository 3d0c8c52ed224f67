/** A program as an ONNX model (onnx.proto3, operator set 18). Base weights stay in their files as external data. */
import { type Dim, type Shape, sameDim } from '../graph/dims';
import { type Value, reachable } from '../graph/graph';
import type { Program, WeightLocation, WeightSource } from './engine';
import { ProtobufWriter } from './protobuf';

export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** The program's own inputs. */
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  /** Extra int64 inputs that carry the sizes of reshapes with more than one unknown size. */
  readonly shapeInputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly nodeCount: number;
}

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const OPERATOR_SET = 18;
const IR_VERSION = 8;

type Attribute = number | readonly number[] | { readonly text: string };

export function toOnnx(program: Program, weights: WeightSource, rootFolder: string): OnnxModel {
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  const inputs: { name: string; shape: Shape; type: number }[] = [];
  const shapeInputs = new Map<string, Shape>();
  const integers = new Map<string, string>();
  const names = new Map<number, string>();
  const splits = new Map<string, string[]>();

  const name = (value: Value): string => names.get(value.id) ?? `v${value.id}`;
  const node = (
    type: string,
    from: readonly string[],
    to: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void => {
    nodes.push(writeNode(type, from, to, attributes));
  };
  const integerConstant = (values: readonly number[]): string => {
    const key = values.join(',');
    const known = integers.get(key);
    if (known) return known;
    const made = `i${integers.size}`;
    integers.set(key, made);
    initializers.push(writeTensor(made, INT64, [values.length], BigInt64Array.from(values.map(BigInt))));
    return made;
  };
  const shapeOf = (target: Shape, source: Shape): string => {
    const fixed = constantShape(target, source);
    if (fixed) return integerConstant(fixed);
    const made = `shape:${target.join(',')}`;
    shapeInputs.set(made, target);
    return made;
  };

  const emit = (value: Value): void => {
    const { operation } = value;
    const from = value.inputs.map(name);
    const to = [name(value)];
    switch (operation.kind) {
      case 'input':
        names.set(value.id, operation.name);
        inputs.push({
          name: operation.name,
          shape: value.shape,
          type: typeOf(value),
        });
        return;
      case 'weight': {
        names.set(value.id, operation.name);
        const location = weights.location(operation.name);
        initializers.push(writeExternal(operation.name, value.shape as number[], location, rootFolder));
        return;
      }
      case 'constant':
        initializers.push(writeTensor(to[0]!, FLOAT, value.shape as number[], operation.data));
        return;
      case 'add':
        return node('Add', from, to);
      case 'subtract':
        return node('Sub', from, to);
      case 'multiply':
        return node('Mul', from, to);
      case 'divide':
        return node('Div', from, to);
      case 'sqrt':
        return node('Sqrt', from, to);
      case 'sigmoid':
        return node('Sigmoid', from, to);
      case 'tanh':
        return node('Tanh', from, to);
      case 'softmax':
        return node('Softmax', from, to, { axis: -1 });
      case 'sum':
        return node('ReduceSum', [...from, integerConstant(operation.axes)], to, { keepdims: 1 });
      case 'mean':
        return node('ReduceMean', [...from, integerConstant(operation.axes)], to, { keepdims: 1 });
      case 'logSumExp':
        return node('ReduceLogSumExp', [...from, integerConstant(operation.axes)], to, { keepdims: 1 });
      case 'argMax':
        node('ArgMax', from, [`${to[0]}:long`], { axis: -1, keepdims: 0 });
        return node('Cast', [`${to[0]}:long`], to, { to: INT32 });
      case 'matmul':
        return node('MatMul', from, to);
      case 'gemm':
        return node('Gemm', from, to, { transA: Number(operation.transposeA), transB: Number(operation.transposeB) });
      case 'transpose':
        return node('Transpose', from, to, { perm: operation.permutation });
      case 'reshape':
        return node('Reshape', [...from, shapeOf(value.shape, value.inputs[0]!.shape)], to);
      case 'concat':
        return node('Concat', from, to, { axis: operation.axis });
      case 'part': {
        const key = `${value.inputs[0]!.id} ${operation.axis} ${operation.count}`;
        let parts = splits.get(key);
        if (!parts) {
          parts = Array.from(
            { length: operation.count },
            (_, i) => `${from[0]}:${operation.axis}:${operation.count}:${i}`,
          );
          splits.set(key, parts);
          node('Split', from, parts, { axis: operation.axis, num_outputs: operation.count });
        }
        names.set(value.id, parts[operation.index]!);
        return;
      }
      case 'rows': {
        const end = operation.trim === 0 ? Number.MAX_SAFE_INTEGER : -operation.trim;
        return node('Slice', [...from, ...[operation.start, end, 0].map((n) => integerConstant([n]))], to);
      }
      case 'gather':
        return node('Gather', from, to, { axis: 0 });
      case 'gatherOrZero': {
        const padded = `${to[0]}:padded`;
        const rank = value.inputs[0]!.shape.length;
        const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank ? 1 : 0));
        node('Pad', [from[0]!, integerConstant(pads)], [padded]);
        return node('Gather', [padded, from[1]!], to, { axis: 0 });
      }
      case 'pick': {
        node('Unsqueeze', [from[1]!, integerConstant([1])], [`${to[0]}:column`]);
        node('GatherElements', [from[0]!, `${to[0]}:column`], [`${to[0]}:picked`], { axis: 1 });
        return node('Squeeze', [`${to[0]}:picked`, integerConstant([1])], to);
      }
      case 'scatterAdd': {
        node('Cast', [from[0]!], [`${to[0]}:long`], { to: INT64 });
        node('Unsqueeze', [`${to[0]}:long`, integerConstant([1])], [`${to[0]}:column`]);
        node('ConstantOfShape', [integerConstant(value.shape as number[])], [`${to[0]}:zeros`]);
        return node('ScatterND', [`${to[0]}:zeros`, `${to[0]}:column`, from[1]!], to, { reduction: { text: 'add' } });
      }
      default:
        return operation satisfies never;
    }
  };

  const outputs = Object.entries(program.outputs);
  const values = reachable(outputs.map(([, value]) => value));
  for (const value of values) emit(value);
  const intermediates = values.filter(({ operation }) => !['input', 'weight', 'constant'].includes(operation.kind));
  // A graph output needs a name of its own; Identity is a view in ONNX Runtime's planner, not a copy.
  for (const [output, value] of outputs) node('Identity', [name(value)], [`out:${output}`]);

  const model = new ProtobufWriter()
    .integer(1, IR_VERSION)
    .string(2, 'fine-tune')
    .message(7, (graph) => {
      for (const bytes of nodes) graph.bytes(1, bytes);
      graph.string(2, 'program');
      for (const bytes of initializers) graph.bytes(5, bytes);
      for (const { name: input, shape, type } of inputs) graph.message(11, writeValueInfo(input, shape, type));
      for (const [input, shape] of shapeInputs) graph.message(11, writeValueInfo(input, [shape.length], INT64));
      for (const [output, value] of outputs)
        graph.message(12, writeValueInfo(`out:${output}`, value.shape, typeOf(value)));
      // Sizes by name let the runtime see which buffers are equal: it plans 10,000 nodes in 1 s instead of 30, and
      // uses buffers again.
      for (const value of intermediates) graph.message(13, writeValueInfo(name(value), value.shape, typeOf(value)));
    })
    .message(8, (set) => set.string(1, '').integer(2, OPERATOR_SET))
    .finish();
  return {
    bytes: model,
    inputs,
    shapeInputs: [...shapeInputs].map(([input, shape]) => ({ name: input, shape })),
    nodeCount: nodes.length,
  };
}

function typeOf({ dataType }: Value): number {
  return dataType === 'int32' ? INT32 : FLOAT;
}

/** The target shape in ONNX's terms (0 copies a size, one −1 is worked out), or undefined where that is not enough. */
function constantShape(target: Shape, source: Shape): number[] | undefined {
  const unknown = target.filter((dim) => typeof dim !== 'number').length;
  let open = 0;
  const shape = target.map((dim: Dim, i) => {
    if (typeof dim === 'number') return dim;
    if (unknown > 1 && source[i] !== undefined && sameDim(source[i], dim)) return 0;
    open++;
    return -1;
  });
  return open <= 1 ? shape : undefined;
}

function writeNode(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
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
  return writer.finish();
}

function writeTensor(
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

function writeExternal(
  name: string,
  shape: readonly number[],
  { file, offset, bytes }: WeightLocation,
  rootFolder: string,
): Uint8Array {
  const writer = new ProtobufWriter();
  for (const size of shape) writer.integer(1, size);
  writer.integer(2, FLOAT).string(8, name);
  const relative = file.slice(rootFolder.length).replaceAll('\\', '/');
  for (const [key, value] of [
    ['location', relative],
    ['offset', String(offset)],
    ['length', String(bytes)],
  ] as const)
    writer.message(13, (entry) => entry.string(1, key).string(2, value));
  return writer.integer(14, 1).finish();
}

function writeValueInfo(name: string, shape: Shape, type: number): (writer: ProtobufWriter) => void {
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
