/** The head of a decoder and its loss over labels, with the derivative. */
import { softCap } from './functions';
import type { Graph, Value } from './graph';

export interface CrossEntropy {
  /** Σ weight · −log p(label), a scalar. */
  readonly loss: Value;
  /** −log p(label) of every row [N]. */
  readonly nll: Value;
  /** The most likely token of every row, int32 [N]. */
  readonly predictions: Value;
}

export interface HeadPart {
  /** −log p(label) of every row [n], smoothed where that is asked for. */
  readonly nll: Value;
  readonly predictions: Value;
  /** ∂nll / ∂rows, [n, d]. */
  readonly slope: Value;
  /** Σ weight · ∂nll / ∂head, [V, d], for weights [n, 1]. */
  readonly headSlope: (weight: Value) => Value;
}

/**
 * What some rows [n, d] say of their labels [n]. No one-hot matrix: ∂nll/∂row = softmax · head − head[label]. With
 * `smoothing` ε each label is 1 − ε of itself and ε of all tokens alike, as in Hugging Face's LabelSmoother.
 */
export function headPart(
  g: Graph,
  rows: Value,
  head: Value,
  label: Value,
  cap: number | undefined,
  smoothing = 0,
): HeadPart {
  const n = rows.shape[0]!;
  const kept = g.scalar(1 - smoothing);
  const { value: logits, slope } = softCap(g, headLogits(g, rows, head), cap);
  const logSum = g.reshape(g.reduce('logSumExp', logits, [1]), [n]);
  const expected = (): Value =>
    g.add(
      g.multiply(g.pick(logits, label), kept),
      g.multiply(g.reshape(g.reduce('mean', logits, [1]), [n]), g.scalar(smoothing)),
    );
  const nll = g.subtract(logSum, smoothing === 0 ? g.pick(logits, label) : expected());
  const predictions = g.argMax(logits);
  const softmax = g.softmax(logits);
  const excess = smoothing === 0 ? softmax : g.subtract(softmax, g.scalar(smoothing / (head.shape[0] as number)));
  const probabilities = slope ? g.multiply(excess, slope) : excess;
  const atLabel = slope && g.reshape(g.pick(slope, label), [n, 1]);
  const sloped = (x: Value): Value => {
    const own = smoothing === 0 ? x : g.multiply(x, kept);
    return atLabel ? g.multiply(own, atLabel) : own;
  };
  return {
    nll,
    predictions,
    slope: g.subtract(timesHead(g, probabilities, head), sloped(g.float(g.gather(head, label)))),
    headSlope: (weight) => {
      const weighted = g.multiply(rows, weight);
      return g.subtract(
        g.gemm(probabilities, weighted, { transposeA: true }),
        g.scatterAdd(label, sloped(weighted), head.shape[0] as number),
      );
    },
  };
}

/**
 * Cross-entropy of the head: logits = x · headᵀ with x [N, d], head [V, d], labels int32 [N], weights [N]. It works in
 * `chunks` equal parts of the rows, so that N × V logits never exist at once. `cap` bounds the logits (see `softCap`),
 * `smoothing` spreads the labels (see `headPart`).
 */
export function crossEntropy(
  g: Graph,
  x: Value,
  head: Value,
  labels: Value,
  weights: Value,
  chunks: number,
  cap?: number,
  smoothing = 0,
): CrossEntropy {
  const labelParts = g.split(labels, 0, chunks);
  const weightParts = g.split(weights, 0, chunks);
  // The gradients are made right behind each part's logits, so that those can be freed before the next part; a
  // graph that never asks for them drops them (see `reachable`).
  let dHead: Value | undefined;
  const steps = g.split(x, 0, chunks).map((rows, i) => {
    const { nll, predictions, slope, headSlope } = headPart(g, rows, head, labelParts[i]!, cap, smoothing);
    const weight = g.reshape(weightParts[i]!, [rows.shape[0]!, 1]);
    const loss = g.reshape(g.reduce('sum', g.multiply(nll, weightParts[i]!), [0]), []);
    const part = headSlope(weight);
    dHead = dHead ? g.add(dHead, part) : part;
    return { loss, nll, predictions, dx: g.multiply(slope, weight) };
  });
  const joined = (pick: (step: (typeof steps)[number]) => Value): Value => g.concat(steps.map(pick), 0);
  const dx = joined((s) => s.dx);
  const loss = steps.map((s) => s.loss).reduce((a, b) => g.add(a, b));
  g.differentiable(loss, [x, head], (dy, [needsX, needsHead]) => [
    needsX ? g.multiply(dx, dy) : undefined,
    needsHead && dHead ? g.multiply(dHead, dy) : undefined,
  ]);
  return { loss, nll: joined((s) => s.nll), predictions: joined((s) => s.predictions) };
}

/** x · headᵀ for x [n, d] and a head [V, d] in any type of numbers. */
export function headLogits(g: Graph, x: Value, head: Value): Value {
  const parts = headRows(g, head).map((rows) => g.gemm(x, rows(), { transposeB: true }));
  return g.concat(parts, 1);
}

/** y · head for y [n, V]. */
function timesHead(g: Graph, y: Value, head: Value): Value {
  const parts = headRows(g, head);
  return g
    .split(y, 1, parts.length)
    .map((columns, i) => g.gemm(columns, parts[i]!()))
    .reduce((a, b) => g.add(a, b));
}

/** Numbers of a head that are made float32 at once, where its vocabulary has a divisor that allows it. */
const PART_NUMBERS = 1 << 23;
const MOST_PARTS = 64;

/**
 * The rows of a head as float32, in equal parts. The head is the largest matrix of most models: where it is kept in 16
 * bits its float32 form must not exist whole. Every call makes a part anew, as `Graph.float` does.
 */
function headRows(g: Graph, head: Value): (() => Value)[] {
  if (head.dataType === 'float32') return [() => head];
  const [vocabulary, width] = head.shape as [number, number];
  const counts = Array.from({ length: MOST_PARTS }, (_, i) => i + 1).filter((count) => vocabulary % count === 0);
  const count = counts.find((parts) => (vocabulary / parts) * width <= PART_NUMBERS) ?? counts.at(-1)!;
  if (count === 1) return [() => g.float(head)];
  const size = vocabulary / count;
  return Array.from(
    { length: count },
    (_, i) => () => g.float(g.rows(head, i * size, vocabulary - (i + 1) * size, size)),
  );
}
