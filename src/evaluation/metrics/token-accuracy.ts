import type { Metric } from './metric';

/** The likeliest token at each place, and the token that is right there: negative where none is asked for. */
export interface TokenRow {
  readonly predicted: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

/** Share of the labelled tokens of all rows that the model finds likeliest. */
export const tokenAccuracy: Metric<TokenRow> = {
  count: ({ predicted, labels }) => {
    let right = 0;
    let labelled = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i]! < 0) continue;
      labelled++;
      if (predicted[i] === labels[i]) right++;
    }
    return [right, labelled];
  },
  score: ([right, labelled]) => right! / labelled!,
};
