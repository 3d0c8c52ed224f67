import { Failure } from '../../common/failure';
import type { Metric } from './metric';

/**
 * exp of the mean negative log-likelihood over all labelled tokens of all rows: a long row weighs more than a short one.
 * A row is the negative log-likelihoods (natural logarithm) of its labelled tokens.
 */
export const perplexity: Metric<ArrayLike<number>> = {
  count: (row) => {
    let sum = 0;
    for (let i = 0; i < row.length; i++) sum += row[i]!;
    return [sum, row.length];
  },
  score: ([sum, tokens]) => Math.exp(sum! / tokens!),
};

/** Tokens `start` to `end` are given to the model, those from `scoredFrom` to `end` count. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly scoredFrom: number;
}

/**
 * How a text that is longer than the model's window is read: windows that begin `stride` tokens apart, in each of which
 * only the tokens count that no window before it had ("Perplexity of fixed-length models", Hugging Face). Every token
 * but the first of the text, which nothing predicts, counts exactly once.
 * @param length tokens of the text
 * @param window the most tokens that the model reads at once
 * @param stride smaller is more exact and dearer
 * @throws Failure where a window would have no token left to predict from
 */
export function stridedSpans(length: number, window: number, stride: number): readonly Span[] {
  if (!(Number.isInteger(stride) && stride >= 1 && stride < window))
    throw new Failure(
      'stride-out-of-range',
      `The stride ${stride} does not fit a window of ${window} tokens.`,
      `Choose a whole number from 1 to ${window - 1}; half the window is usual.`,
      2,
    );
  const spans: Span[] = [];
  let scoredFrom = 1;
  for (let start = 0; scoredFrom < length; start += stride) {
    const end = Math.min(start + window, length);
    spans.push({ start, end, scoredFrom });
    scoredFrom = end;
  }
  return spans;
}
