/** Share of predictions that equal their reference character for character. Of no pairs it is NaN. */
export function exactMatch(pairs: readonly { readonly prediction: string; readonly reference: string }[]): number {
  return pairs.filter(({ prediction, reference }) => prediction === reference).length / pairs.length;
}
