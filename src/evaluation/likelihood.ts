/** How likely a model finds the right answers: the numbers behind perplexity and token accuracy. */
import type { EncodedExample } from '../dataset/example';
import { createCollator } from '../training/batches';
import type { OpenModel } from './generation/session-generator';

/** Of the trained tokens of one row. */
export interface Likelihood {
  /** Σ −log p, natural logarithm. */
  readonly nll: number;
  readonly tokens: number;
  /** Tokens that the model finds likeliest. */
  readonly right: number;
}

/** Places of a batch, padding included; more would only take memory. */
const BATCH_PLACES = 4096;
const BATCH_ROWS = 8;

export interface LikelihoodOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each row, in no order. */
  readonly onRow: (row: number, likelihood: Likelihood) => void;
}

/**
 * Looks at every row once; rows of like length share a batch. Ends early where the signal is aborted.
 * @param rows the examples of each row: one, or the windows of a long text, whose sums are added
 */
export async function scoreLikelihoods(
  { session, checked: { config, padId }, layout }: OpenModel,
  rows: readonly (readonly EncodedExample[])[],
  { signal, onRow }: LikelihoodOptions,
): Promise<void> {
  const collate = createCollator({ config, padId, ...layout });
  const open = rows.map((examples) => ({ nll: 0, tokens: 0, right: 0, left: examples.length }));
  for (const batch of batchesOf(rows)) {
    if (signal?.aborted) return;
    const collated = collate(batch.map(({ example }) => [example]));
    const { nll, predictions } = await session.forward(collated);
    let at = 0;
    for (const { row, example } of batch) {
      const sums = open[row]!;
      for (const end = at + labelsOf(example); at < end; at++) {
        sums.nll += nll[at]!;
        sums.tokens++;
        if (predictions[at] === collated.labels[at]) sums.right++;
      }
      if (--sums.left === 0) onRow(row, { nll: sums.nll, tokens: sums.tokens, right: sums.right });
    }
  }
}

interface Piece {
  readonly row: number;
  readonly example: EncodedExample;
}

/** Longest first, so that what does not fit in memory shows at once. */
function batchesOf(rows: readonly (readonly EncodedExample[])[]): Piece[][] {
  const pieces = rows.flatMap((examples, row) => examples.map((example): Piece => ({ row, example })));
  pieces.sort((a, b) => b.example.tokens.length - a.example.tokens.length);
  const batches: Piece[][] = [];
  for (const piece of pieces) {
    const batch = batches.at(-1);
    const longest = batch?.[0]!.example.tokens.length ?? 0;
    if (batch && batch.length < BATCH_ROWS && (batch.length + 1) * longest <= BATCH_PLACES) batch.push(piece);
    else batches.push([piece]);
  }
  return batches;
}

/** The first token of a record is never predicted. */
function labelsOf({ trained }: EncodedExample): number {
  let count = 0;
  for (let t = 1; t < trained.length; t++) count += trained[t]!;
  return count;
}
