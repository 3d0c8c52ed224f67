/** The layers of a decoder, each with its derivative. Rank-2 activations are [rows, width], rows = B·T. */
import { product } from './dims';
import type { Graph, Value } from './graph';
import { timesNf4 } from './nf4';

export function add(g: Graph, a: Value, b: Value): Value {
  return g.differentiable(g.add(a, b), [a, b], (dy) => [dy, dy]);
}

export function subtract(g: Graph, a: Value, b: Value): Value {
  return g.differentiable(g.subtract(a, b), [a, b], (dy, [, needsB]) => [
    dy,
    needsB ? g.multiply(dy, g.scalar(-1)) : undefined,
  ]);
}

/** x + bias, the bias [width] repeated for every row. */
export function addBias(g: Graph, x: Value, bias: Value): Value {
  return g.differentiable(g.add(x, bias), [x, bias], (dy, [, needsBias]) => [
    dy,
    needsBias ? g.reshape(g.reduce('sum', dy, [0]), bias.shape) : undefined,
  ]);
}

export function scale(g: Graph, x: Value, factor: number): Value {
  if (factor === 1) return x;
  return g.differentiable(g.multiply(x, g.scalar(factor)), [x], (dy) => [g.multiply(dy, g.scalar(factor))]);
}

/** x ∘ mask, the mask being a constant of the step (dropout). */
export function mask(g: Graph, x: Value, by: Value): Value {
  return g.differentiable(g.multiply(x, by), [x], (dy) => [g.multiply(dy, by)]);
}

/** x · Wᵀ with W [out, in], as PyTorch stores it. */
export function linear(g: Graph, x: Value, weight: Value): Value {
  return g.differentiable(
    weight.dataType === 'nf4' ? timesNf4(g, x, weight) : g.gemm(x, g.float(weight), { transposeB: true }),
    [x, weight],
    (dy, [needsX, needsWeight]) => [
      needsX ? g.gemm(dy, g.float(weight)) : undefined,
      needsWeight ? g.gemm(dy, x, { transposeA: true }) : undefined,
    ],
  );
}

/** The columns of x [rows, width] in consecutive pieces whose widths are to each other as the `shares`. */
export function splitColumns(g: Graph, x: Value, shares: readonly number[]): readonly Value[] {
  const total = shares.reduce((a, b) => a + b, 0);
  const units = g.split(x, 1, total);
  let start = 0;
  const pieces = shares.map((share) => g.concat(units.slice(start, (start += share)), 1));
  // In equal units again, since pieces of different widths have no width that divides the whole.
  return g.differentiableParts(pieces, x, (gradients) =>
    g.concat(
      gradients.flatMap((gradient, i) => g.split(gradient, 1, shares[i]!)),
      1,
    ),
  );
}

/** cap · tanh(x / cap), and its slope 1 − tanh²; without a cap x itself. */
export function softCap(g: Graph, x: Value, cap: number | undefined): { value: Value; slope: Value | undefined } {
  if (cap === undefined) return { value: x, slope: undefined };
  const tanh = g.tanh(g.multiply(x, g.scalar(1 / cap)));
  return { value: g.multiply(tanh, g.scalar(cap)), slope: g.subtract(g.scalar(1), g.multiply(tanh, tanh)) };
}

/** Rows of the table [V, d] for ids (int32, any rank). */
export function embedding(g: Graph, table: Value, ids: Value): Value {
  const rows = product(...ids.shape);
  const width = table.shape[1]!;
  return g.differentiable(g.reshape(g.float(g.gather(table, ids)), [rows, width]), [table], (dy) => [
    g.scatterAdd(g.reshape(ids, [rows]), dy, table.shape[0] as number),
  ]);
}

/**
 * Rotary position embedding (Su et al. 2021) of the first `rotated` numbers of each head, halves rotated as Hugging
 * Face does it. x [B, T, heads, hd]; cos and sin [B or 1, T, 1, hd]. Whoever makes them negates the first half of `sin`
 * and continues them with ones and zeros behind the rotated numbers.
 */
export function rotary(g: Graph, x: Value, cos: Value, sin: Value, rotated: number): Value {
  const width = x.shape[3] as number;
  const unit = commonDivisor(rotated / 2, width - rotated);
  const half = rotated / 2 / unit;
  const swap = (v: Value): Value => {
    const units = g.split(v, 3, width / unit);
    return g.concat([...units.slice(half, 2 * half), ...units.slice(0, half), ...units.slice(2 * half)], 3);
  };
  const y = g.add(g.multiply(x, cos), g.multiply(swap(x), sin));
  return g.differentiable(y, [x], (dy) => [g.add(g.multiply(dy, cos), swap(g.multiply(dy, sin)))]);
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

/**
 * The rows of x [R, d] that have a label: `rows` [N] names them; `inverse` [R] names, for each row of x, its place
 * among them, or N where it has none. Two gathers are exact and need no atomic additions on a GPU.
 */
export function gatherRows(g: Graph, x: Value, rows: Value, inverse: Value): Value {
  return g.differentiable(g.gather(x, rows), [x], (dy) => [g.gatherOrZero(dy, inverse)]);
}
