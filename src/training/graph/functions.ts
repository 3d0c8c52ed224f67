/** The layers and losses of a decoder, each with its derivative. Rank-2 activations are [rows, width], rows = B·T. */
import { type Dim, product } from './dims';
import type { Graph, Value } from './graph';

export function add(g: Graph, a: Value, b: Value): Value {
  return g.differentiable(g.add(a, b), [a, b], (dy) => [dy, dy]);
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
  return g.differentiable(g.gemm(x, weight, { transposeB: true }), [x, weight], (dy, [needsX, needsWeight]) => [
    needsX ? g.gemm(dy, weight) : undefined,
    needsWeight ? g.gemm(dy, x, { transposeA: true }) : undefined,
  ]);
}

/** x / √(mean(x²) + ε) · weight (Zhang & Sennrich 2019). */
export function rmsNorm(g: Graph, x: Value, weight: Value, epsilon: number): Value {
  const square = g.reduce('mean', g.multiply(x, x), [-1]);
  const inverse = g.divide(g.scalar(1), g.sqrt(g.add(square, g.scalar(epsilon))));
  const normal = g.multiply(x, inverse);
  return g.differentiable(g.multiply(normal, weight), [x, weight], (dy, [needsX, needsWeight]) => {
    let dx: Value | undefined;
    if (needsX) {
      const dNormal = g.multiply(dy, weight);
      const along = g.reduce('mean', g.multiply(dNormal, normal), [-1]);
      dx = g.multiply(g.subtract(dNormal, g.multiply(normal, along)), inverse);
    }
    const dWeight = needsWeight ? g.reshape(g.reduce('sum', g.multiply(dy, normal), [0]), weight.shape) : undefined;
    return [dx, dWeight];
  });
}

/** silu(gate) ∘ up (Shazeer 2020). */
export function swiglu(g: Graph, gate: Value, up: Value): Value {
  const sigmoid = g.sigmoid(gate);
  const silu = g.multiply(gate, sigmoid);
  return g.differentiable(g.multiply(silu, up), [gate, up], (dy, [needsGate, needsUp]) => {
    // silu' = σ + silu · (1 − σ)
    const slope = needsGate && g.subtract(g.add(sigmoid, silu), g.multiply(silu, sigmoid));
    return [slope ? g.multiply(g.multiply(dy, up), slope) : undefined, needsUp ? g.multiply(dy, silu) : undefined];
  });
}

/** Rows of the table [V, d] for ids (int32, any rank). */
export function embedding(g: Graph, table: Value, ids: Value): Value {
  const rows = product(...ids.shape);
  const width = table.shape[1]!;
  return g.differentiable(g.reshape(g.gather(table, ids), [rows, width]), [table], (dy) => [
    g.scatterAdd(g.reshape(ids, [rows]), dy, table.shape[0] as number),
  ]);
}

/**
 * Rotary position embedding (Su et al. 2021), halves rotated as Hugging Face does it. x [B, T, heads, hd];
 * cos and sin [B or 1, T, 1, hd], the first half of `sin` negated by whoever makes it.
 */
export function rotary(g: Graph, x: Value, cos: Value, sin: Value): Value {
  const swap = (v: Value): Value => {
    const [first, second] = g.split(v, 3, 2);
    return g.concat([second!, first!], 3);
  };
  const y = g.add(g.multiply(x, cos), g.multiply(swap(x), sin));
  return g.differentiable(y, [x], (dy) => [g.add(g.multiply(dy, cos), swap(g.multiply(dy, sin)))]);
}

/**
 * Causal attention with grouped queries, computed in `blocks` blocks of query rows: block i only meets the keys up to
 * its own end, which saves almost half of the work. q [B, T, kv, groups, hd] already scaled; k, v [B, T, kv, hd];
 * the additive mask is [B or 1, 1, T, T]. Returns [B·T, kv·groups·hd].
 *
 * The backward pass uses rowsum(dP ∘ P) = rowsum(dO ∘ O) (Dao et al. 2022) and products that transpose only the
 * narrow matrices, never the T × T ones.
 */
export function attention(g: Graph, q: Value, k: Value, v: Value, additiveMask: Value, blocks: number): Value {
  const [batch, length, kv, groups, headDim] = q.shape as [Dim, Dim, number, number, number];
  const masks = blockMasks(g, additiveMask, groups, blocks);
  const blockRows = g.split(q, 1, blocks)[0]!.shape[1]!;
  const folded: Dim[] = [batch, kv, product(groups, blockRows), headDim];
  // [B, Tb, kv, groups, hd] → [B, kv, groups·Tb, hd]
  const fold = (x: Value): Value => g.reshape(g.transpose(x, [0, 2, 3, 1, 4]), folded);
  const unfold = (x: Value): Value =>
    g.transpose(g.reshape(x, [batch, kv, groups, blockRows, headDim]), [0, 3, 1, 2, 4]);

  const keysT = g.split(g.transpose(k, [0, 2, 3, 1]), 3, blocks); // each [B, kv, hd, Tb]
  const values = g.split(g.transpose(v, [0, 2, 1, 3]), 2, blocks); // each [B, kv, Tb, hd]
  const steps = g.split(q, 1, blocks).map((block, i) => {
    const query = fold(block);
    const scores = g.add(g.matmul(query, g.concat(keysT.slice(0, i + 1), 3)), masks[i]!);
    const probabilities = g.softmax(scores);
    const output = g.matmul(probabilities, g.concat(values.slice(0, i + 1), 2));
    return { query, probabilities, output };
  });
  const rows = product(batch, length);
  const width = kv * groups * headDim;
  const result = g.reshape(
    g.concat(
      steps.map((s) => unfold(s.output)),
      1,
    ),
    [rows, width],
  );

  return g.differentiable(result, [q, k, v], (dy) => {
    const outer = g.split(g.reshape(dy, [batch, length, kv, groups, headDim]), 1, blocks);
    const keys = g.split(g.transpose(k, [0, 2, 1, 3]), 2, blocks); // each [B, kv, Tb, hd]
    const valuesT = g.split(g.transpose(v, [0, 2, 3, 1]), 3, blocks); // each [B, kv, hd, Tb]
    const dq: Value[] = [];
    const dkT: Value[] = []; // by key block, [B, kv, hd, Tb]
    const dvT: Value[] = [];
    const accumulate = (sums: Value[], whole: Value, count: number): void =>
      g.split(whole, 3, count).forEach((piece, j) => {
        const sum = sums[j];
        sums[j] = sum ? g.add(sum, piece) : piece;
      });
    steps.forEach(({ query, probabilities, output }, i) => {
      const dOut = fold(outer[i]!);
      const along = g.reduce('sum', g.multiply(dOut, output), [-1]);
      const dProbabilities = g.matmul(dOut, g.concat(valuesT.slice(0, i + 1), 3));
      const dScores = g.multiply(probabilities, g.subtract(dProbabilities, along));
      dq.push(unfold(g.matmul(dScores, g.concat(keys.slice(0, i + 1), 2))));
      accumulate(dkT, g.matmul(g.transpose(query, [0, 1, 3, 2]), dScores), i + 1);
      accumulate(dvT, g.matmul(g.transpose(dOut, [0, 1, 3, 2]), probabilities), i + 1);
    });
    return [g.concat(dq, 1), g.transpose(g.concat(dkT, 3), [0, 3, 1, 2]), g.transpose(g.concat(dvT, 3), [0, 3, 1, 2])];
  });
}

/** Rows of the mask for every block of queries, repeated for the groups: [B or 1, 1, groups·Tb, (i+1)·Tb]. Shared by all layers. */
const maskCache = new WeakMap<Graph, Map<string, Value[]>>();
function blockMasks(g: Graph, additiveMask: Value, groups: number, blocks: number): Value[] {
  const cache = maskCache.get(g) ?? new Map<string, Value[]>();
  maskCache.set(g, cache);
  const key = `${additiveMask.id} ${groups} ${blocks}`;
  const known = cache.get(key);
  if (known) return known;
  const masks = g.split(additiveMask, 2, blocks).map((rows, i) => {
    const needed = g.concat(g.split(rows, 3, blocks).slice(0, i + 1), 3);
    return g.concat(Array<Value>(groups).fill(needed), 2);
  });
  cache.set(key, masks);
  return masks;
}

/**
 * The rows of x [R, d] that have a label: `rows` [N] names them; `inverse` [R] names, for each row of x, its place
 * among them, or N where it has none. Two gathers are exact and need no atomic additions on a GPU.
 */
export function gatherRows(g: Graph, x: Value, rows: Value, inverse: Value): Value {
  return g.differentiable(g.gather(x, rows), [x], (dy) => [g.gatherOrZero(dy, inverse)]);
}

export interface CrossEntropy {
  /** Σ weight · −log p(label), a scalar. */
  readonly loss: Value;
  /** The most likely token of every row, int32 [N]. */
  readonly predictions: Value;
}

/**
 * Cross-entropy of the head: logits = x · headᵀ with x [N, d], head [V, d], labels int32 [N], weights [N]. It works in
 * `chunks` equal parts of the rows, so that N × V logits never exist at once. The derivative needs no one-hot matrix:
 * dx = softmax · head − head[label].
 */
export function crossEntropy(
  g: Graph,
  x: Value,
  head: Value,
  labels: Value,
  weights: Value,
  chunks: number,
): CrossEntropy {
  const labelParts = g.split(labels, 0, chunks);
  const weightParts = g.split(weights, 0, chunks);
  // The gradients are made right behind each part's logits, so that those can be freed before the next part; a
  // graph that never asks for them drops them (see `reachable`).
  let dHead: Value | undefined;
  const steps = g.split(x, 0, chunks).map((rows, i) => {
    const n = rows.shape[0]!;
    const label = labelParts[i]!;
    const logits = g.gemm(rows, head, { transposeB: true });
    const logSum = g.reshape(g.reduce('logSumExp', logits, [1]), [n]);
    const nll = g.subtract(logSum, g.pick(logits, label));
    const loss = g.reshape(g.reduce('sum', g.multiply(nll, weightParts[i]!), [0]), []);
    const predictions = g.argMax(logits);
    const weight = g.reshape(weightParts[i]!, [n, 1]);
    const probabilities = g.softmax(logits);
    const dx = g.multiply(g.subtract(g.gemm(probabilities, head), g.gather(head, label)), weight);
    const weighted = g.multiply(rows, weight);
    const part = g.subtract(
      g.gemm(probabilities, weighted, { transposeA: true }),
      g.scatterAdd(label, weighted, head.shape[0] as number),
    );
    dHead = dHead ? g.add(dHead, part) : part;
    return { loss, predictions, dx };
  });
  const joined = (pick: (step: (typeof steps)[number]) => Value): Value => g.concat(steps.map(pick), 0);
  const dx = joined((s) => s.dx);
  const loss = steps.map((s) => s.loss).reduce((a, b) => g.add(a, b));
  g.differentiable(loss, [x, head], (dy, [needsX, needsHead]) => [
    needsX ? g.multiply(dx, dy) : undefined,
    needsHead && dHead ? g.multiply(dHead, dy) : undefined,
  ]);
  return { loss, predictions: joined((s) => s.predictions) };
}
