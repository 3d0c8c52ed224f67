/** Attention of a decoder and its derivative. */
import { type Dim, product } from './dims';
import { softCap } from './functions';
import type { Graph, Value } from './graph';

/**
 * Causal attention with grouped queries, computed in `blocks` blocks of query rows: block i only meets the keys up to
 * its own end, which saves almost half of the work. q [B, T, kv, groups, hd] already scaled; k, v [B, T, kv, hd];
 * the additive mask is [B or 1, 1, T, T]; `cap` bounds the scores before it (see `softCap`). Returns [B·T, kv·groups·hd].
 *
 * The backward pass uses rowsum(dP ∘ P) = rowsum(dO ∘ O) (Dao et al. 2022) and products that transpose only the
 * narrow matrices, never the T × T ones.
 */
export function attention(
  g: Graph,
  q: Value,
  k: Value,
  v: Value,
  additiveMask: Value,
  blocks: number,
  cap?: number,
): Value {
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
    const { value: scores, slope } = softCap(g, g.matmul(query, g.concat(keysT.slice(0, i + 1), 3)), cap);
    const probabilities = g.softmax(g.add(scores, masks[i]!));
    const output = g.matmul(probabilities, g.concat(values.slice(0, i + 1), 2));
    return { query, slope, probabilities, output };
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
    steps.forEach(({ query, slope, probabilities, output }, i) => {
      const dOut = fold(outer[i]!);
      const along = g.reduce('sum', g.multiply(dOut, output), [-1]);
      const dProbabilities = g.matmul(dOut, g.concat(valuesT.slice(0, i + 1), 3));
      const dCapped = g.multiply(probabilities, g.subtract(dProbabilities, along));
      const dScores = slope ? g.multiply(dCapped, slope) : dCapped;
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
