/** What a graph needs while it runs, counted on the graph itself. */
import { type Bindings, type Dim, evaluate } from '../graph/dims';
import { type DataType, type Value, reachable } from '../graph/graph';
import { independentOfBatch } from '../engines/node-order';

export interface GraphBytes {
  /** Most that is held at once of what the graph computes, its outputs included; inputs and weights not. */
  readonly peak: number;
  readonly outputs: number;
  /** What a batch brings: inputs whose sizes hang on it. */
  readonly feeds: number;
  /** Copies of frozen matrices in the order in which a processor multiplies by them, one for each direction. */
  readonly packed: number;
  /** How many values it has. */
  readonly values: number;
}

/** `sizes` gives the symbols of the shapes their numbers. */
export function graphBytes(outputs: readonly Value[], sizes: Bindings): GraphBytes {
  const order = executionOrder(outputs);
  const known = new Map<Dim, number>();
  const sizeOf = (dim: Dim): number => {
    const size = known.get(dim) ?? evaluate(dim, sizes);
    known.set(dim, size);
    return size;
  };
  const bytesOf = ({ shape, dataType }: Value): number =>
    shape.reduce((bytes: number, dim) => bytes * sizeOf(dim), BYTES[dataType]);
  const uses = new Map<Value, number>();
  for (const value of [...order.flatMap(({ inputs }) => inputs), ...outputs]) {
    const root = rootOf(value);
    uses.set(root, (uses.get(root) ?? 0) + 1);
  }
  let held = 0;
  let peak = 0;
  for (const value of order) {
    if (isGiven(value) || rootOf(value) !== value) {
      release(value);
      continue;
    }
    // The result takes the place of an input that nobody else reads.
    const before = held;
    if (IN_PLACE.has(value.operation.kind)) release(value);
    held += bytesOf(value);
    peak = Math.max(peak, held + scratchBytes(value, bytesOf), before);
    if (!IN_PLACE.has(value.operation.kind)) release(value);
  }
  function release(value: Value): void {
    for (const input of value.inputs) {
      const root = rootOf(input);
      const left = uses.get(root)! - 1;
      uses.set(root, left);
      if (left === 0 && !isGiven(root)) held -= bytesOf(root);
    }
  }
  const sum = (values: readonly Value[]): number => values.reduce((total, value) => total + bytesOf(value), 0);
  return {
    peak,
    outputs: sum(outputs),
    feeds: sum(order.filter(({ operation, shape }) => operation.kind === 'input' && !shape.every(isNumber))),
    packed: sum(packedMatrices(order)),
    values: order.length,
  };
}

const BYTES: Readonly<Record<DataType, number>> = {
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  uint8: 1,
  // Taken apart, never computed.
  nf4: 0,
};
const IN_PLACE: ReadonlySet<string> = new Set([
  'add',
  'subtract',
  'multiply',
  'divide',
  'sqrt',
  'sigmoid',
  'tanh',
  'softmax',
]);

const isGiven = ({ operation }: Value): boolean => ['input', 'weight', 'constant', 'nf4'].includes(operation.kind);

/** A reshaped tensor is the same memory. */
const rootOf = (value: Value): Value => (value.operation.kind === 'reshape' ? rootOf(value.inputs[0]!) : value);

const isNumber = (dim: unknown): boolean => typeof dim === 'number';

/** One copy for each product. A table from which rows are taken as well (the head) is left as it is. */
function packedMatrices(order: readonly Value[]): Value[] {
  const tables = new Set(order.flatMap(({ operation, inputs }) => (operation.kind === 'gather' ? [inputs[0]!] : [])));
  return order
    .flatMap(({ operation, inputs }) => (operation.kind === 'gemm' ? [inputs[1]!] : []))
    .filter((matrix) => matrix.operation.kind === 'weight' && matrix.dataType === 'float32' && !tables.has(matrix));
}

/** What an operation takes for itself while it is at work. */
function scratchBytes({ operation, inputs }: Value, bytesOf: (value: Value) => number): number {
  return operation.kind === 'gatherOrZero' ? bytesOf(inputs[0]!) : 0;
}

/**
 * The order in which ONNX Runtime runs a model of onnx-model.ts (Graph::ReverseDFSFrom): backwards from the outputs, the
 * last one first, and of a node's inputs the one that stands last in the file first.
 */
function executionOrder(outputs: readonly Value[]): Value[] {
  const values = reachable(outputs);
  const fixed = independentOfBatch(values);
  const inFile = [...values.filter(({ id }) => fixed.has(id)), ...values.filter(({ id }) => !fixed.has(id))];
  const place = new Map(inFile.map((value, i) => [value, i]));
  const stack = outputs.map((value) => ({ value, entered: false }));
  const seen = new Set<Value>();
  const order: Value[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { value, entered } = top;
    if (entered) order.push(value);
    if (entered || seen.has(value)) continue;
    seen.add(value);
    stack.push({ value, entered: true });
    const inputs = [...value.inputs].sort((a, b) => place.get(a)! - place.get(b)!);
    stack.push(...inputs.map((input) => ({ value: input, entered: false })));
  }
  return order;
}
