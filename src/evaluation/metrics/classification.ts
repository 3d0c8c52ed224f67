import type { Tally } from './metric';

export type Average = 'macro' | 'micro' | 'weighted';

/** A row of a classification: one of several labels, compared character for character. */
export interface LabelRow {
  readonly prediction: string;
  readonly reference: string;
}

/**
 * F1 of a classification as scikit-learn's `f1_score` has it with `zero_division=0`. `macro`: the mean over the labels
 * that occur; `weighted`: by how often each label is right; `micro`: over all rows, which is the accuracy.
 */
export function classificationF1(rows: readonly LabelRow[], average: Average): Tally {
  const ids = new Map<string, number>();
  const idOf = (label: string): number => {
    const known = ids.get(label);
    if (known === undefined) ids.set(label, ids.size);
    return known ?? ids.size - 1;
  };
  const predicted = rows.map(({ prediction }) => idOf(prediction));
  const expected = rows.map(({ reference }) => idOf(reference));
  return {
    rows: rows.length,
    score: (times) => {
      const right = new Float64Array(ids.size);
      const found = new Float64Array(ids.size);
      const support = new Float64Array(ids.size);
      for (let row = 0; row < rows.length; row++) {
        const weight = times?.[row] ?? 1;
        found[predicted[row]!]! += weight;
        support[expected[row]!]! += weight;
        if (predicted[row] === expected[row]) right[predicted[row]!]! += weight;
      }
      const all = sum(support);
      if (all === 0) return NaN;
      if (average === 'micro') return sum(right) / all;
      let total = 0;
      let labels = 0;
      for (let id = 0; id < ids.size; id++) {
        const occurrences = found[id]! + support[id]!;
        if (occurrences === 0) continue;
        const f1 = (2 * right[id]!) / occurrences;
        total += average === 'weighted' ? f1 * support[id]! : f1;
        labels++;
      }
      return total / (average === 'weighted' ? all : labels);
    },
  };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
