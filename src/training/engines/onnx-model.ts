/** A program as an ONNX model (onnx.proto3, operator set 18). Base weights stay in their files as external data. */
import { type Dim, type Shape, sameDim } from '../graph/dims';
import { type Value, reachable } from '../graph/graph';
import { NF4_BLOCK } from '../graph/nf4';
import type { Program, WeightSource } from './engine';
import {
  type Attribute,
  BFLOAT16,
  FLOAT,
  INT32,
  INT64,
  UINT16,
  type ValueInfo,
  tensorType,
  writeExternal,
  writeModel,
  writeNode,
  writeTensor,
} from './onnx-writer';
import { independentOfBatch } from './node-order';

export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** The program's own inputs. */
  readonly inputs: readonly ValueInfo[];
  /** Extra int64 inputs that carry the sizes of reshapes with more than one unknown size. */
  readonly shapeInputs: readonly { readonly name: string; readonly shape: Shape }[];
}

const OPERATOR_SET = 18;
const IR_VERSION = 8;
/** The first with BitCast, and the format that goes with it. */
const BIT_CAST_SET = 26;
const BIT_CAST_IR = 11;
/** ONNX Runtime's own operators. */
const EXTRA_OPERATORS = 'com.microsoft';
/** MatMulBnb4's number for NF4. */
const NF4_QUANT_TYPE = 1;

export function toOnnx(program: Program, weights: WeightSource, rootFolder: string): OnnxModel {
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  const inputs: ValueInfo[] = [];
  const shapeInputs = new Map<string, Shape>();
  const integers = new Map<string, string>();
  const names = new Map<number, string>();
  const splits = new Map<string, string[]>();
  /** bfloat16 that came in as plain bits: Node cannot pass such tensors. */
  const bits = new Set<number>();

  const name = (value: Value): string => names.get(value.id) ?? `v${value.id}`;
  const node = (
    type: string,
    from: readonly string[],
    to: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): void => {
    nodes.push(writeNode(type, from, to, attributes, domain));
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
        if (value.dataType === 'bfloat16') bits.add(value.id);
        inputs.push({
          name: operation.name,
          shape: value.shape,
          type: bits.has(value.id) ? UINT16 : tensorType(value.dataType),
        });
        return;
      case 'weight': {
        names.set(value.id, operation.name);
        const location = weights.location(operation.name);
        initializers.push(
          writeExternal(operation.name, tensorType(value.dataType), value.shape as number[], location, rootFolder),
        );
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
      case 'float':
        if (!bits.has(value.inputs[0]!.id)) return node('Cast', from, to, { to: FLOAT });
        node('BitCast', from, [`${to[0]}:bfloat16`], { to: BFLOAT16 });
        return node('Cast', [`${to[0]}:bfloat16`], to, { to: FLOAT });
      case 'after': {
        // x + 0 · one element of each of the others: a dependency that no provider can overlook.
        const touched = value.inputs.slice(1).map(({ shape }, i) => {
          const [first, second] = [0, 1].map((n) => integerConstant(shape.map(() => n)));
          const axes = integerConstant(shape.map((_, axis) => axis));
          node('Slice', [from[i + 1]!, first!, second!, axes], [`${to[0]}:${i}`]);
          return `${to[0]}:${i}`;
        });
        initializers.push(writeTensor(`${to[0]}:zero`, FLOAT, [], Float32Array.of(0)));
        node('Sum', touched, [`${to[0]}:sum`]);
        node('Mul', [`${to[0]}:sum`, `${to[0]}:zero`], [`${to[0]}:nothing`]);
        return node('Add', [from[0]!, `${to[0]}:nothing`], to);
      }
      case 'softmax':
        return node('Softmax', from, to, { axis: -1 });
      case 'sum':
        return node('ReduceSum', [...from, integerConstant(operation.axes)], to, { keepdims: 1 });
      case 'sumSquare':
        return node('ReduceSumSquare', [...from, integerConstant(operation.axes)], to, { keepdims: 1 });
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
      case 'nf4Product': {
        const [outFeatures, inFeatures] = [value, value.inputs[0]!].map(({ shape }) => shape[1] as number);
        const attributes = { N: outFeatures!, K: inFeatures!, block_size: NF4_BLOCK, quant_type: NF4_QUANT_TYPE };
        return node('MatMulBnb4', from, to, attributes, EXTRA_OPERATORS);
      }
      case 'nf4':
        throw new Error('An NF4 weight is taken apart, not computed.');
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
        if (bits.has(value.inputs[0]!.id)) bits.add(value.id);
        const end = operation.trim === 0 ? Number.MAX_SAFE_INTEGER : -operation.trim;
        return node('Slice', [...from, ...[operation.start, end, 0].map((n) => integerConstant([n]))], to);
      }
      case 'gather':
        if (bits.has(value.inputs[0]!.id)) bits.add(value.id);
        if (value.inputs[1]!.dataType === 'int32') return node('Gather', from, to, { axis: 0 });
        node('Cast', [from[1]!], [`${to[0]}:rows`], { to: INT32 });
        return node('Gather', [from[0]!, `${to[0]}:rows`], to, { axis: 0 });
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
  const fixed = independentOfBatch(values);
  for (const value of values.filter(({ id }) => fixed.has(id))) emit(value);
  for (const value of values.filter(({ id }) => !fixed.has(id))) emit(value);
  const intermediates = values.filter(({ operation }) => !['input', 'weight', 'constant'].includes(operation.kind));
  // A graph output needs a name of its own; Identity is a view in ONNX Runtime's planner, not a copy.
  for (const [output, value] of outputs) node('Identity', [name(value)], [`out:${output}`]);

  const sizes: ValueInfo[] = [...shapeInputs].map(([input, shape]) => ({
    name: input,
    shape: [shape.length],
    type: INT64,
  }));
  const model = writeModel({
    nodes,
    initializers,
    inputs: [...inputs, ...sizes],
    outputs: outputs.map(([output, value]) => ({
      name: `out:${output}`,
      shape: value.shape,
      type: tensorType(value.dataType),
    })),
    intermediates: intermediates
      .filter(({ id }) => !bits.has(id))
      .map((value) => ({ name: name(value), shape: value.shape, type: tensorType(value.dataType) })),
    operatorSets: [
      ['', bits.size > 0 ? BIT_CAST_SET : OPERATOR_SET],
      [EXTRA_OPERATORS, 1],
    ],
    irVersion: bits.size > 0 ? BIT_CAST_IR : IR_VERSION,
  });
  return {
    bytes: model,
    inputs,
    shapeInputs: [...shapeInputs].map(([input, shape]) => ({ name: input, shape })),
  };
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
