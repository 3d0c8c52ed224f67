/**
 * The slow and obvious engine: every operation is a plain loop over double-precision numbers. It is the truth in
 * tests (finite differences need its precision) and a way to tell a wrong graph from a wrong runtime.
 */
import { bind, evaluateShape } from '../graph/dims';
import { type DataType, type Value, reachable } from '../graph/graph';
import { NF4_BLOCK, NF4_VALUES } from '../graph/nf4';
import { bfloat16ToFloat32, float16ToFloat32 } from '../weights/float16';
import { residentWeight } from '../resident-weights';
import type { Engine, Executable, Program, Tensor, Tensors, WeightSource } from './engine';
import {
  type Cell,
  broadcastShape,
  copyBlock,
  eachRow,
  forEachIndex,
  matmul,
  reduce,
  size,
  strides,
} from './reference-loops';

export function createReferenceEngine(): Engine {
  return {
    name: 'reference',
    device: 'cpu',
    fusedNf4: true,
    compile: async (program, weights) => compile(program, weights),
  };
}

function compile(program: Program, weights: WeightSource): Executable {
  const values = reachable(Object.values(program.outputs));
  const loaded = new Map<number, Cell>();
  for (const { id, operation, shape, dataType } of values)
    if (operation.kind === 'weight')
      loaded.set(id, {
        data: doubles(residentWeight(weights, operation.name), dataType),
        shape: shape as number[],
      });
  return {
    run: async (feeds) => run(program, values, loaded, feeds),
    dispose: async () => loaded.clear(),
  };
}

/** Of 16-bit numbers the bits are given. */
function doubles(data: Tensor['data'], type: DataType): Float64Array {
  if (!(data instanceof Uint16Array)) return Float64Array.from(data);
  const numbers = new Float32Array(data.length);
  (type === 'bfloat16' ? bfloat16ToFloat32 : float16ToFloat32)(data, numbers);
  return Float64Array.from(numbers);
}

function run(program: Program, values: readonly Value[], weights: ReadonlyMap<number, Cell>, feeds: Tensors): Tensors {
  const cells = new Map<number, Cell>(weights);
  const bindings = bind(
    values.flatMap(({ operation, shape }) => {
      if (operation.kind !== 'input') return [];
      const feed = feeds[operation.name];
      if (!feed) throw new Error(`The input ${operation.name} was not given.`);
      return [{ name: operation.name, shape, actual: feed.shape }];
    }),
  );
  for (const value of values) {
    if (cells.has(value.id)) continue;
    if (value.operation.kind === 'input') {
      const feed = feeds[value.operation.name]!;
      cells.set(value.id, { data: doubles(feed.data, value.dataType), shape: feed.shape });
    } else {
      const shape = evaluateShape(value.shape, bindings);
      const inputs = value.inputs.map((input) => cells.get(input.id)!);
      cells.set(value.id, { data: compute(value, inputs, shape), shape: shapeOf(value, inputs, shape) });
    }
  }
  const outputs: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(program.outputs)) {
    const { data, shape } = cells.get(value.id)!;
    outputs[name] = { data: value.dataType === 'int32' ? Int32Array.from(data) : Float32Array.from(data), shape };
  }
  return outputs;
}

/** "P" (1 or the batch size) may have been widened by broadcasting: elementwise results know their shape best. */
function shapeOf(value: Value, inputs: readonly Cell[], declared: readonly number[]): readonly number[] {
  return ELEMENTWISE[value.operation.kind] ? broadcastShape(inputs[0]!.shape, inputs[1]!.shape) : declared;
}

const ELEMENTWISE: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  divide: (x, y) => x / y,
};
const UNARY: Readonly<Record<string, (x: number) => number>> = {
  sqrt: Math.sqrt,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

function compute(value: Value, inputs: readonly Cell[], shape: readonly number[]): Float64Array {
  const { operation } = value;
  const [a, b] = inputs as [Cell, Cell];
  switch (operation.kind) {
    case 'input':
    case 'weight':
      throw new Error('Inputs and weights are bound, not computed.');
    case 'constant':
      return Float64Array.from(operation.data);
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide': {
      const f = ELEMENTWISE[operation.kind]!;
      const target = broadcastShape(a.shape, b.shape);
      const out = new Float64Array(size(target));
      forEachIndex(target, [a.shape, b.shape], (i, [x, y]) => (out[i] = f(a.data[x!]!, b.data[y!]!)));
      return out;
    }
    case 'float':
    case 'after':
      return a.data;
    case 'sqrt':
    case 'sigmoid':
    case 'tanh':
      return a.data.map(UNARY[operation.kind]!);
    case 'softmax':
      return eachRow(a, a.shape.at(-1)!, (row, out) => {
        const max = row.reduce((m, x) => Math.max(m, x), -Infinity);
        const e = row.map((x) => Math.exp(x - max));
        const total = e.reduce((s, x) => s + x, 0);
        out.set(e.map((x) => x / total));
      });
    case 'sum':
    case 'sumSquare':
    case 'mean':
    case 'logSumExp':
      return reduce(operation.kind, a, operation.axes, shape);
    case 'argMax': {
      const width = a.shape.at(-1)!;
      return new Float64Array(size(shape)).map((_, i) => {
        const row = a.data.subarray(i * width, (i + 1) * width);
        return row.reduce((best, x, j) => (x > row[best]! ? j : best), 0);
      });
    }
    case 'matmul':
      return matmul(a, b, shape);
    case 'gemm': {
      const out = new Float64Array(size(shape));
      const [m, n] = shape as [number, number];
      const k = operation.transposeA ? a.shape[0]! : a.shape[1]!;
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let p = 0; p < k; p++)
            sum +=
              a.data[operation.transposeA ? p * m + i : i * k + p]! *
              b.data[operation.transposeB ? j * k + p : p * n + j]!;
          out[i * n + j] = sum;
        }
      return out;
    }
    case 'nf4Product': {
      const [m, n] = shape as [number, number];
      const k = a.shape[1]!;
      const out = new Float64Array(size(shape));
      for (let j = 0; j < n; j++) {
        const row = Float64Array.from({ length: k }, (_, p) => {
          const at = j * k + p;
          const pair = b.data[at >> 1]!;
          return NF4_VALUES[at % 2 === 0 ? pair >> 4 : pair & 15]! * inputs[2]!.data[Math.floor(at / NF4_BLOCK)]!;
        });
        for (let i = 0; i < m; i++)
          out[i * n + j] = row.reduce((sum, weight, p) => sum + weight * a.data[i * k + p]!, 0);
      }
      return out;
    }
    case 'nf4':
      throw new Error('An NF4 weight is taken apart, not computed.');
    case 'transpose': {
      const out = new Float64Array(a.data.length);
      const from = strides(a.shape);
      const to = strides(shape);
      for (let i = 0; i < out.length; i++)
        out[i] =
          a.data[
            operation.permutation.reduce(
              (offset, axis, j) => offset + from[axis]! * (Math.floor(i / to[j]!) % shape[j]!),
              0,
            )
          ]!;
      return out;
    }
    case 'reshape':
      return a.data;
    case 'concat': {
      const out = new Float64Array(size(shape));
      let start = 0;
      for (const part of inputs) {
        copyBlock(part, out, shape, operation.axis, start, 'in');
        start += part.shape[operation.axis]!;
      }
      return out;
    }
    case 'part': {
      const part = { data: new Float64Array(size(shape)), shape };
      copyBlock(part, a.data, a.shape, operation.axis, operation.index * shape[operation.axis]!, 'out');
      return part.data;
    }
    case 'rows': {
      const width = size(a.shape.slice(1));
      return a.data.slice(operation.start * width, (a.shape[0]! - operation.trim) * width);
    }
    case 'gather':
    case 'gatherOrZero': {
      const width = size(a.shape.slice(1));
      const out = new Float64Array(b.data.length * width);
      b.data.forEach((row, i) => {
        if (row < a.shape[0]!) out.set(a.data.subarray(row * width, (row + 1) * width), i * width);
      });
      return out;
    }
    case 'pick':
      return b.data.map((column, i) => a.data[i * a.shape[1]! + column]!);
    case 'scatterAdd': {
      const width = size(b.shape.slice(1));
      const out = new Float64Array(size(shape));
      a.data.forEach((row, i) => {
        for (let j = 0; j < width; j++) out[row * width + j] = out[row * width + j]! + b.data[i * width + j]!;
      });
      return out;
    }
    default:
      return operation satisfies never;
  }
}
