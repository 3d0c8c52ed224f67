/** Preference training (DPO) outside the graph: what is compared, and the rewards that show how it goes. */
import type { EncodedExample } from '../dataset/example';
import type { Tensor } from './engines/engine';
import type { Rewards } from './protocol';

/** Summed over the labels of each answer. */
export interface LogProbabilities {
  readonly chosen: number;
  readonly rejected: number;
}

/** What the model says of each pair before it is trained. */
export type References = ReadonlyMap<EncodedExample, LogProbabilities>;

/** Where the labels of a pair stand among those of its batch; ends exclusive. */
export interface Pair {
  readonly example: EncodedExample;
  readonly chosen: readonly [start: number, end: number];
  readonly rejected: readonly [start: number, end: number];
  /** `undefined` in the batches that the reference itself is made from. */
  readonly reference: LogProbabilities | undefined;
}

/** `labelEnds`: for every row of the batch (chosen answers, then rejected ones) the number of labels up to its end. */
export function pairsOf(
  rows: readonly (readonly EncodedExample[])[],
  labelEnds: readonly number[],
  references: References | undefined,
): Pair[] {
  const labelsOf = (row: number): Pair['chosen'] => [labelEnds[row - 1] ?? 0, labelEnds[row]!];
  return rows.map(([example], i) => ({
    example: example!,
    chosen: labelsOf(i),
    rejected: labelsOf(rows.length + i),
    reference: references?.get(example!),
  }));
}

/** What the loss of the pairs reads; see graph/preference.ts. Without references they count as 0. */
export function pairFeeds(pairs: readonly Pair[], labels: number): Record<string, Tensor> {
  const sides = new Float32Array(pairs.length * labels);
  const reference = new Float32Array(pairs.length);
  pairs.forEach((pair, i) => {
    sides.fill(1, i * labels + pair.chosen[0], i * labels + pair.chosen[1]);
    sides.fill(-1, i * labels + pair.rejected[0], i * labels + pair.rejected[1]);
    if (pair.reference) reference[i] = pair.reference.chosen - pair.reference.rejected;
  });
  return {
    pair_sides: { data: sides, shape: [pairs.length, labels] },
    pair_reference: { data: reference, shape: [pairs.length, 1] },
  };
}

/** The answers' log-probabilities, from −log p(label) of every label of the batch. */
export function logProbabilities(nll: Float32Array, { chosen, rejected }: Pair): LogProbabilities {
  const sum = ([start, end]: Pair['chosen']): number => {
    let total = 0;
    for (let i = start; i < end; i++) total -= nll[i]!;
    return total;
  };
  return { chosen: sum(chosen), rejected: sum(rejected) };
}

/** Adds up the implicit rewards of pairs, β · (log p − log p of the reference), for the means that TRL logs. */
export class RewardSums {
  pairs = 0;
  #chosen = 0;
  #rejected = 0;
  #right = 0;

  constructor(private readonly beta: number) {}

  add(nll: Float32Array, pairs: readonly Pair[]): void {
    for (const pair of pairs) {
      const found = logProbabilities(nll, pair);
      const chosen = this.beta * (found.chosen - pair.reference!.chosen);
      const rejected = this.beta * (found.rejected - pair.reference!.rejected);
      this.pairs++;
      this.#chosen += chosen;
      this.#rejected += rejected;
      if (chosen > rejected) this.#right++;
    }
  }

  /** `undefined` without pairs. */
  means(): Rewards | undefined {
    if (this.pairs === 0) return undefined;
    const chosen = this.#chosen / this.pairs;
    const rejected = this.#rejected / this.pairs;
    return { chosen, rejected, margins: chosen - rejected, accuracies: this.#right / this.pairs };
  }
}
