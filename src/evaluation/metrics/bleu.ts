import { TOKENIZERS, type BleuTokenizer } from './bleu-tokenizers';
import type { Metric, TextRow } from './metric';
import { countNGrams, overlap } from './n-grams';
import { trimRight } from './python-text';
import { sacrebleuSignature } from './sacrebleu-signature';

export interface BleuOptions {
  readonly tokenize?: BleuTokenizer;
  readonly lowercase?: boolean;
  readonly smoothMethod?: 'exp' | 'floor' | 'add-k' | 'none';
  /** Of `floor` and `add-k`; sacreBLEU's defaults are 0.1 and 1. */
  readonly smoothValue?: number;
  /** Leaves out n-grams that the texts are too short for: meant for single sentences. */
  readonly effectiveOrder?: boolean;
}

const ORDERS = [1, 2, 3, 4] as const;
const SMOOTH_VALUES = { exp: undefined, floor: 0.1, 'add-k': 1, none: undefined } as const;

/**
 * BLEU of the corpus, 0 to 100 (Papineni et al., 2002), as sacreBLEU computes it.
 * A row counts: tokens of the prediction, tokens of the reference nearest in length, n-grams found, n-grams in all.
 */
export function bleu(options: BleuOptions = {}): Metric<TextRow> {
  const tokens = (text: string): readonly string[] =>
    TOKENIZERS[options.tokenize ?? '13a'](trimRight(options.lowercase ? text.toLowerCase() : text));
  return {
    count: ({ prediction, references }) => {
      const found = tokens(prediction);
      const expected = references.map(tokens);
      const lengths = expected.map((reference) => reference.length);
      const inReferences = expected.map((reference) => countNGrams(reference, ORDERS.length, ' '));
      const matches = countNGrams(found, ORDERS.length, ' ').map((counts, n) =>
        overlap(counts, mostOf(inReferences.map((orders) => orders[n]!))),
      );
      const totals = ORDERS.map((order) => Math.max(0, found.length - order + 1));
      return [found.length, nearest(found.length, lengths), ...matches, ...totals];
    },
    score: (sums) => scoreOf(sums, options),
  };
}

/** BLEU of one sentence, 0 to 100; other than for a corpus, without the n-grams that it is too short for. */
export function sentenceBleu(row: TextRow, options: BleuOptions = {}): number {
  const metric = bleu({ effectiveOrder: true, ...options });
  return metric.score(metric.count(row));
}

/** What the score rests on, in sacreBLEU's words: to be printed beside it. */
export function bleuSignature(rows: readonly TextRow[], options: BleuOptions = {}): string {
  const method = options.smoothMethod ?? 'exp';
  const value = SMOOTH_VALUES[method] === undefined ? undefined : (options.smoothValue ?? SMOOTH_VALUES[method]);
  return sacrebleuSignature(rows, {
    case: options.lowercase ? 'lc' : 'mixed',
    eff: options.effectiveOrder ? 'yes' : 'no',
    tok: options.tokenize ?? '13a',
    smooth: value === undefined ? method : `${method}[${value.toFixed(2)}]`,
  });
}

function scoreOf(sums: readonly number[], options: BleuOptions): number {
  const [predicted, expected] = [sums[0]!, sums[1]!];
  const method = options.smoothMethod ?? 'exp';
  const value = options.smoothValue ?? SMOOTH_VALUES[method] ?? 0;
  if (ORDERS.every((_, n) => sums[2 + n] === 0)) return 0;
  let halved = 1;
  let used: number = ORDERS.length;
  const precisions = [0, 0, 0, 0];
  for (let n = 0; n < ORDERS.length; n++) {
    const added = method === 'add-k' && n > 0 ? value : 0;
    const matches = sums[2 + n]! + added;
    const total = sums[2 + ORDERS.length + n]! + added;
    if (total === 0) break;
    if (options.effectiveOrder) used = n + 1;
    if (matches > 0) precisions[n] = (100 * matches) / total;
    else if (method === 'exp') precisions[n] = 100 / ((halved *= 2) * total);
    else if (method === 'floor') precisions[n] = (100 * value) / total;
  }
  const brevity = predicted < expected ? Math.exp(1 - expected / predicted) : 1;
  return brevity * Math.exp(precisions.slice(0, used).reduce((sum, p) => sum + Math.log(p), 0) / used);
}

/** For each n-gram how often it occurs in the reference that has most of it. */
function mostOf(references: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  if (references.length === 1) return references[0]!;
  const most = new Map<string, number>();
  for (const counts of references)
    for (const [nGram, count] of counts) most.set(nGram, Math.max(count, most.get(nGram) ?? 0));
  return most;
}

/** The length nearest to `length`; of two equally near the shorter. */
function nearest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, other) => {
    const closer = Math.abs(other - length) - Math.abs(best - length);
    return closer < 0 || (closer === 0 && other < best) ? other : best;
  });
}
