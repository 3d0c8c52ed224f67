/** The loss of preference training over a head: DPO. */
import { type CrossEntropy, headPart } from './head';
import type { Graph, Value } from './graph';

/** Which labels belong to which pair. */
export interface PairInputs {
  /** [pairs, N]: 1 where the label belongs to the pair's chosen answer, −1 to its rejected one, 0 elsewhere. */
  readonly sides: Value;
  /** What the model gives before it is trained: log p(chosen) − log p(rejected), [pairs, 1]. */
  readonly reference: Value;
  readonly beta: number;
}

/**
 * DPO (Rafailov et al. 2023, equation 7): Σ over the pairs of −log σ(β · (log p(chosen) − log p(rejected) − reference)),
 * with log p of an answer summed over its labels. x [N, d], head [V, d], labels int32 [N]; `chunks` and `cap` as for
 * `crossEntropy`.
 */
export function preferenceLoss(
  g: Graph,
  x: Value,
  head: Value,
  labels: Value,
  { sides, reference, beta }: PairInputs,
  chunks: number,
  cap?: number,
): CrossEntropy {
  const labelParts = g.split(labels, 0, chunks);
  const rowParts = g.split(x, 0, chunks);
  const parts = rowParts.map((rows, i) => headPart(g, rows, head, labelParts[i]!, cap));
  const joined = (pick: (part: (typeof parts)[number]) => Value): Value => g.concat(parts.map(pick), 0);
  const nll = joined((part) => part.nll);
  const slope = joined((part) => part.slope);

  // −log p, so that the chosen answer counts negatively: `doubt` is −β(…), and −log σ(−doubt) = log(1 + e^doubt).
  const behind = g.matmul(sides, g.reshape(nll, [nll.shape[0]!, 1]));
  const doubt = g.multiply(g.add(behind, reference), g.scalar(beta));
  const losses = g.reduce('logSumExp', g.concat([g.multiply(doubt, g.scalar(0)), doubt], 1), [1]);
  const loss = g.reshape(g.reduce('sum', losses, [0, 1]), []);
  // ∂loss/∂nll = β · sidesᵀ · σ(doubt)
  const weight = g.multiply(g.matmul(g.transpose(sides, [1, 0]), g.sigmoid(doubt)), g.scalar(beta));

  g.differentiable(loss, [x, head], (dy, [needsX, needsHead]) => {
    const weights = g.multiply(weight, dy);
    if (!needsHead) return [needsX ? g.multiply(slope, weights) : undefined, undefined];
    // Every weight hangs on the whole answer, which may lie in several parts: the logits are made a second time, since
    // to keep them would be the N × V matrix.
    const weightParts = g.split(weights, 0, chunks);
    const dHead = rowParts
      .map((rows, i) => headPart(g, rows, head, labelParts[i]!, cap).headSlope(weightParts[i]!))
      .reduce((a, b) => g.add(a, b));
    return [needsX ? g.multiply(slope, weights) : undefined, dHead];
  });
  return { loss, nll, predictions: joined((part) => part.predictions) };
}
