/**
 * A tensor graph: values with a shape, made by operations, in the order of their making (which is also the order of
 * execution). The operations are few, so that an engine is easy to write; what a model needs on top of them
 * (layers, losses) is in functions.ts, each with its own reverse-mode derivative.
 */
import { type Dim, type Shape, broadcast, product, quotient, sameDim } from './dims';
import { decodeNf4 } from './nf4';
import { type Derivative, type TapeEntry, reverse } from './tape';

/**
 * What is computed is float32 or int32; the others are how frozen weights are kept (see `Graph.float`). uint8 are codes,
 * which name rows in a `gather`; nf4 are the several tensors of nf4.ts.
 */
export type DataType = 'float32' | 'int32' | StoredType | 'uint8' | 'nf4';
export type StoredType = 'float16' | 'bfloat16';

/** What an engine must be able to do. Shapes follow NumPy: broadcasting for elementwise operations and `matmul` batches. */
export type Operation =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'weight'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: Float32Array }
  | { readonly kind: 'add' | 'subtract' | 'multiply' | 'divide' }
  | { readonly kind: 'sqrt' | 'sigmoid' | 'tanh' }
  /** Stored numbers as float32. */
  | { readonly kind: 'float' }
  /** The first input, made only after the others are there. */
  | { readonly kind: 'after' }
  /** Over the last axis. */
  | { readonly kind: 'softmax' }
  | { readonly kind: 'sum' | 'sumSquare' | 'mean' | 'logSumExp'; readonly axes: readonly number[] }
  /** Index of the largest element of the last axis, the first one among equals; int32. */
  | { readonly kind: 'argMax' }
  /** Matrix product of the last two axes. */
  | { readonly kind: 'matmul' }
  /** Product of two matrices (rank 2), either one transposed. */
  | { readonly kind: 'gemm'; readonly transposeA: boolean; readonly transposeB: boolean }
  /** x · Wᵀ, W given by its NF4 codes (uint8) and the scales of its blocks; see nf4.ts. */
  | { readonly kind: 'nf4Product' }
  /** Codes and scales that stand for a weight; only taken apart, never computed. */
  | { readonly kind: 'nf4'; readonly fused: boolean }
  | { readonly kind: 'transpose'; readonly permutation: readonly number[] }
  | { readonly kind: 'reshape' }
  | { readonly kind: 'concat'; readonly axis: number }
  /** The `index`th of `count` equal parts along `axis`. */
  | { readonly kind: 'part'; readonly axis: number; readonly index: number; readonly count: number }
  /** Rows `start` … end − `trim` of the first axis. */
  | { readonly kind: 'rows'; readonly start: number; readonly trim: number }
  /** Rows of the first input named by the second (int32, any rank). */
  | { readonly kind: 'gather' }
  /** The same, with a row of zeros for the index that equals the number of rows. */
  | { readonly kind: 'gatherOrZero' }
  /** out[i] = first[i, second[i]]. */
  | { readonly kind: 'pick' }
  /** Zeros [rows, d] to which row i of the second input is added at row first[i] (int32, [n]). */
  | { readonly kind: 'scatterAdd' };

export interface Value {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly shape: Shape;
  readonly dataType: DataType;
}

export class Graph {
  readonly values: Value[] = [];
  readonly #tape: TapeEntry[] = [];
  readonly #constants = new Map<number, Value>();

  #make(operation: Operation, inputs: readonly Value[], shape: Shape, dataType: DataType = 'float32'): Value {
    const value = { id: this.values.length, operation, inputs, shape, dataType };
    this.values.push(value);
    return value;
  }

  input(name: string, shape: Shape, dataType: DataType = 'float32'): Value {
    return this.#make({ kind: 'input', name }, [], shape, dataType);
  }
  /** A frozen tensor of the base model, bound by name when the graph is compiled. */
  weight(name: string, shape: Shape, dataType: DataType = 'float32'): Value {
    return this.#make({ kind: 'weight', name }, [], shape, dataType);
  }
  /** The numbers of a weight. Called at every use, so that no float32 copy lives from the forward to the backward pass. */
  float(a: Value): Value {
    if (a.dataType === 'nf4') return decodeNf4(this, a);
    return a.dataType === 'float32' ? a : this.#make({ kind: 'float' }, [a], a.shape);
  }
  nf4(codes: Value, scales: readonly Value[], shape: Shape, fused: boolean): Value {
    return this.#make({ kind: 'nf4', fused }, [codes, ...scales], shape, 'nf4');
  }
  scalar(number: number): Value {
    const known = this.#constants.get(number);
    if (known) return known;
    const value = this.#make({ kind: 'constant', data: Float32Array.of(number) }, [], []);
    this.#constants.set(number, value);
    return value;
  }
  constant(data: Float32Array, shape: readonly number[]): Value {
    return this.#make({ kind: 'constant', data }, [], shape);
  }

  add = (a: Value, b: Value): Value => this.#make({ kind: 'add' }, [a, b], broadcast(a.shape, b.shape));
  subtract = (a: Value, b: Value): Value => this.#make({ kind: 'subtract' }, [a, b], broadcast(a.shape, b.shape));
  multiply = (a: Value, b: Value): Value => this.#make({ kind: 'multiply' }, [a, b], broadcast(a.shape, b.shape));
  divide = (a: Value, b: Value): Value => this.#make({ kind: 'divide' }, [a, b], broadcast(a.shape, b.shape));
  sqrt = (a: Value): Value => this.#make({ kind: 'sqrt' }, [a], a.shape);
  sigmoid = (a: Value): Value => this.#make({ kind: 'sigmoid' }, [a], a.shape);
  tanh = (a: Value): Value => this.#make({ kind: 'tanh' }, [a], a.shape);
  softmax = (a: Value): Value => this.#make({ kind: 'softmax' }, [a], a.shape);

  /** Reduces the axes to size 1 (they are kept). Negative axes count from the end. */
  reduce(kind: 'sum' | 'sumSquare' | 'mean' | 'logSumExp', a: Value, axes: readonly number[]): Value {
    const positive = axes.map((axis) => (axis < 0 ? axis + a.shape.length : axis));
    return this.#make(
      { kind, axes: positive },
      [a],
      a.shape.map((dim, i) => (positive.includes(i) ? 1 : dim)),
    );
  }
  argMax(a: Value): Value {
    return this.#make({ kind: 'argMax' }, [a], a.shape.slice(0, -1), 'int32');
  }
  matmul(a: Value, b: Value): Value {
    const [m, k] = a.shape.slice(-2) as [Dim, Dim];
    const [k2, n] = b.shape.slice(-2) as [Dim, Dim];
    if (!sameDim(k, k2)) throw new Error(`matmul of [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`);
    return this.#make({ kind: 'matmul' }, [a, b], [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n]);
  }
  gemm(a: Value, b: Value, { transposeA = false, transposeB = false } = {}): Value {
    const [m, k] = (transposeA ? [a.shape[1], a.shape[0]] : a.shape) as [Dim, Dim];
    const [k2, n] = (transposeB ? [b.shape[1], b.shape[0]] : b.shape) as [Dim, Dim];
    if (a.shape.length !== 2 || b.shape.length !== 2 || !sameDim(k, k2))
      throw new Error(`gemm of [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`);
    return this.#make({ kind: 'gemm', transposeA, transposeB }, [a, b], [m, n]);
  }
  nf4Product(x: Value, codes: Value, scales: Value, outFeatures: number): Value {
    return this.#make({ kind: 'nf4Product' }, [x, codes, scales], [x.shape[0]!, outFeatures]);
  }
  transpose(a: Value, permutation: readonly number[]): Value {
    return this.#make(
      { kind: 'transpose', permutation },
      [a],
      permutation.map((axis) => a.shape[axis]!),
    );
  }
  reshape(a: Value, shape: Shape): Value {
    if (!sameDim(product(...a.shape), product(...shape)))
      throw new Error(`reshape of [${a.shape.join(', ')}] to [${shape.join(', ')}].`);
    return this.#make({ kind: 'reshape' }, [a], shape, a.dataType);
  }
  concat(parts: readonly Value[], axis: number): Value {
    const first = parts[0]!;
    if (parts.length === 1) return first;
    // Sizes add up only where all parts are multiples of one of them: true for the equal blocks used here.
    const unit = first.shape[axis]!;
    const count = parts.reduce((n, part) => n + Number(quotient(part.shape[axis]!, unit)), 0);
    return this.#make(
      { kind: 'concat', axis },
      parts,
      first.shape.map((dim, i) => (i === axis ? product(unit, count) : dim)),
      first.dataType,
    );
  }
  /** All `count` equal parts along an axis. */
  split(a: Value, axis: number, count: number): Value[] {
    if (count === 1) return [a];
    const shape = a.shape.map((dim, i) => (i === axis ? quotient(dim, count) : dim));
    return Array.from({ length: count }, (_, index) =>
      this.#make({ kind: 'part', axis, index, count }, [a], shape, a.dataType),
    );
  }
  /** A window of the first axis; `size` is what the caller knows its length to be. */
  rows(a: Value, start: number, trim: number, size: Dim): Value {
    return this.#make({ kind: 'rows', start, trim }, [a], [size, ...a.shape.slice(1)], a.dataType);
  }
  gather(table: Value, indices: Value): Value {
    return this.#make(
      { kind: 'gather' },
      [table, indices],
      [...indices.shape, ...table.shape.slice(1)],
      table.dataType,
    );
  }
  gatherOrZero(table: Value, indices: Value): Value {
    return this.#make({ kind: 'gatherOrZero' }, [table, indices], [...indices.shape, ...table.shape.slice(1)]);
  }
  pick(a: Value, indices: Value): Value {
    return this.#make({ kind: 'pick' }, [a, indices], [a.shape[0]!]);
  }
  scatterAdd(indices: Value, updates: Value, rows: number): Value {
    return this.#make({ kind: 'scatterAdd' }, [indices, updates], [rows, ...updates.shape.slice(1)]);
  }

  /** Declares that `output` depends on `inputs` with the given derivative; everything in between is invisible. */
  differentiable(output: Value, inputs: readonly Value[], derivative: Derivative): Value {
    this.#tape.push({ outputs: [output], inputs, derivative: ([gradient], needs) => derivative(gradient!, needs) });
    return output;
  }
  /** The same for outputs that are parts of one input; the loss must depend on all of them or on none. */
  differentiableParts(
    outputs: readonly Value[],
    whole: Value,
    derivative: (gradients: readonly Value[]) => Value,
  ): readonly Value[] {
    this.#tape.push({ outputs, inputs: [whole], derivative: (gradients) => [derivative(gradients)] });
    return outputs;
  }

  /**
   * x → build(x), whose inner values are not kept for the derivative but made again there: after the gradient of the
   * result and the gradients of the part that comes after it, so that parts are made again one at a time.
   */
  recomputed(x: Value, build: (x: Value) => Value): Value {
    const start = this.#tape.length;
    const y = build(x);
    const part = this.#tape.splice(start);
    const made = new Set(part.flatMap(({ outputs }) => outputs.map((o) => o.id)));
    const inputs = [...new Set(part.flatMap((entry) => entry.inputs))].filter((input) => !made.has(input.id));
    return this.differentiable(y, inputs, (dy, needs) => {
      const again = this.#make({ kind: 'after' }, [x, dy, ...this.#lastGradients], x.shape);
      const before = this.#tape.length;
      const result = build(again);
      const tape = this.#tape.splice(before);
      const targets = inputs.map((input) => (input === x ? again : input));
      const wanted = targets.filter((_, i) => needs[i]);
      const found = reverse(tape, result, dy, wanted, this.add);
      this.#lastGradients = found.filter((gradient) => gradient.shape.length > 0);
      let next = 0;
      return needs.map((needed) => (needed ? found[next++] : undefined));
    });
  }
  #lastGradients: readonly Value[] = [];

  /** Reverse mode: gradients of `output` with respect to `targets`, in their order; `seed` is the output's own. */
  gradients(output: Value, targets: readonly Value[], seed: Value = this.scalar(1)): Value[] {
    return reverse(this.#tape, output, seed, targets, this.add);
  }
}

/** The values that the outputs need, in order of execution. */
export function reachable(outputs: readonly Value[]): Value[] {
  const seen = new Map<number, Value>();
  const stack = [...outputs];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value.id)) continue;
    seen.set(value.id, value);
    stack.push(...value.inputs);
  }
  return [...seen.values()].sort((a, b) => a.id - b.id);
}
