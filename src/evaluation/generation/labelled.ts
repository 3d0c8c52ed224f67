import type { EncodedExample } from '../../dataset/example';

/** Stands where the next token will be, so that the graph predicts it. */
export const ANY_TOKEN = 0;

/** A text whose last tokens are asked for. */
export function labelled(ids: Iterable<number>, last: number): EncodedExample {
  const tokens = Int32Array.from(ids);
  const trained = new Uint8Array(tokens.length).fill(1, tokens.length - last);
  return { line: 0, tokens, trained, lostTokens: 0, lostTrainedTokens: 0 };
}
