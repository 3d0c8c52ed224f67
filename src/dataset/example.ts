/** One record, tokenised: what the trainer is fed and what the label preview shows. */
export interface EncodedExample {
  /** 1-based line of the record in its file. */
  readonly line: number;
  /** Token ids after the cut at the maximum length. */
  readonly tokens: Int32Array;
  /** 1 where the token is trained (a label), 0 where it is only read; same length as `tokens`. */
  readonly trained: Uint8Array;
  /** What the cut at the maximum length lost. */
  readonly lostTokens: number;
  readonly lostTrainedTokens: number;
  /** The other answer of a preference pair; the rest is then the chosen one. Both have the same prompt. */
  readonly rejected?: EncodedExample;
}

/** The record as the model reads it: once, or once for each answer of a pair. */
export function sidesOf(example: EncodedExample): readonly EncodedExample[] {
  return example.rejected ? [example, example.rejected] : [example];
}
