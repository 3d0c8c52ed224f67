/** The loops of the reference engine over dense tensors of double-precision numbers. */

export interface Cell {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

export const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export function strides(shape: readonly number[]): number[] {
  const result = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) result[i] = result[i + 1]! * shape[i + 1]!;
  return result;
}

export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => Math.max(a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1));
}

/** Visits every index of `shape` with the flat offsets it has in tensors of the given shapes. */
export function forEachIndex(
  shape: readonly number[],
  operands: readonly (readonly number[])[],
  visit: (flat: number, offsets: readonly number[]) => void,
): void {
  const steps = operands.map((operand) => {
    const own = strides(operand);
    return shape.map((_, i) => {
      const axis = i - shape.length + operand.length;
      return axis < 0 || operand[axis] === 1 ? 0 : own[axis]!;
    });
  });
  const index = new Array<number>(shape.length).fill(0);
  const offsets = operands.map(() => 0);
  const total = size(shape);
  for (let flat = 0; flat < total; flat++) {
    visit(flat, offsets);
    // Counts up like an odometer, the last axis first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      steps.forEach((step, o) => (offsets[o]! += step[axis]!));
      if (index[axis]! < shape[axis]!) break;
      steps.forEach((step, o) => (offsets[o]! -= step[axis]! * shape[axis]!));
      index[axis] = 0;
    }
  }
}

export function eachRow(a: Cell, width: number, f: (row: Float64Array, out: Float64Array) => void): Float64Array {
  const out = new Float64Array(a.data.length);
  for (let i = 0; i < a.data.length; i += width) f(a.data.subarray(i, i + width), out.subarray(i, i + width));
  return out;
}

export function reduce(
  kind: 'sum' | 'sumSquare' | 'mean' | 'logSumExp',
  a: Cell,
  axes: readonly number[],
  shape: readonly number[],
): Float64Array {
  const max = new Float64Array(size(shape)).fill(kind === 'logSumExp' ? -Infinity : 0);
  if (kind === 'logSumExp') forEachIndex(a.shape, [shape], (i, [o]) => (max[o!] = Math.max(max[o!]!, a.data[i]!)));
  const out = new Float64Array(size(shape));
  forEachIndex(a.shape, [shape], (i, [o]) => {
    const x = a.data[i]!;
    out[o!] = out[o!]! + (kind === 'logSumExp' ? Math.exp(x - max[o!]!) : kind === 'sumSquare' ? x * x : x);
  });
  const count = axes.reduce((n, axis) => n * a.shape[axis]!, 1);
  if (kind === 'mean') return out.map((x) => x / count);
  return kind === 'logSumExp' ? out.map((x, i) => Math.log(x) + max[i]!) : out;
}

export function matmul(a: Cell, b: Cell, shape: readonly number[]): Float64Array {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const out = new Float64Array(size(shape));
  const batch = shape.slice(0, -2);
  forEachIndex(batch, [a.shape.slice(0, -2), b.shape.slice(0, -2)], (flat, [x, y]) => {
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += a.data[x! * m * k + i * k + p]! * b.data[y! * k * n + p * n + j]!;
        out[flat * m * n + i * n + j] = sum;
      }
  });
  return out;
}

/** Copies a block of one axis into (or out of) the whole. */
export function copyBlock(
  part: Cell,
  whole: Float64Array,
  wholeShape: readonly number[],
  axis: number,
  start: number,
  direction: 'in' | 'out',
): void {
  const inner = size(part.shape.slice(axis + 1));
  const partRow = part.shape[axis]! * inner;
  const wholeRow = wholeShape[axis]! * inner;
  for (let i = 0; i < part.data.length / partRow; i++) {
    const at = i * wholeRow + start * inner;
    if (direction === 'in') whole.set(part.data.subarray(i * partRow, (i + 1) * partRow), at);
    else part.data.set(whole.subarray(at, at + partRow), i * partRow);
  }
}
