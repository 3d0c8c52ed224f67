import type { Metric, TextRow } from './metric';
import { countNGrams, overlap } from './n-grams';
import { PUNCTUATION, splitWords } from './python-text';
import { sacrebleuSignature } from './sacrebleu-signature';

export interface ChrfOptions {
  /** 0: chrF; 2: chrF++. */
  readonly wordOrder?: 0 | 1 | 2;
  readonly lowercase?: boolean;
}

const CHAR_ORDER = 6;
/** Recall weighs β² times as much as precision. */
const BETA = 2;

/**
 * chrF (Popović 2015) and chrF++ (2017) of the corpus, 0 to 100, as sacreBLEU computes them: F2 of the mean precision and
 * recall of character n-grams without white space, and of word n-grams. A row counts, for each order: n-grams of the
 * prediction, of the reference that fits best, and of both.
 */
export function chrf(options: ChrfOptions = {}): Metric<TextRow> {
  const countsOf = (text: string): readonly ReadonlyMap<string, number>[] => {
    const cased = options.lowercase ? text.toLowerCase() : text;
    const chars = [...splitWords(cased).join('')];
    const words = options.wordOrder ? countNGrams(chrfWords(cased), options.wordOrder, ' ') : [];
    return [...countNGrams(chars, CHAR_ORDER, ''), ...words];
  };
  return {
    count: ({ prediction, references }) => {
      const found = countsOf(prediction);
      let best: readonly number[] = [];
      let bestScore = -1;
      for (const reference of references) {
        const counts = countsOf(reference).flatMap((expected, i) => {
          const inReference = total(expected);
          return [inReference === 0 ? 0 : total(found[i]!), inReference, overlap(found[i]!, expected)];
        });
        const score = scoreOf(counts);
        if (score > bestScore) [best, bestScore] = [counts, score];
      }
      return best;
    },
    score: scoreOf,
  };
}

/** What the score rests on, in sacreBLEU's words: to be printed beside it. */
export function chrfSignature(rows: readonly TextRow[], options: ChrfOptions = {}): string {
  return sacrebleuSignature(rows, {
    case: options.lowercase ? 'lc' : 'mixed',
    eff: 'yes',
    nc: CHAR_ORDER,
    nw: options.wordOrder ?? 0,
    space: 'no',
  });
}

function scoreOf(sums: readonly number[]): number {
  let precision = 0;
  let recall = 0;
  let orders = 0;
  for (let i = 0; i < sums.length; i += 3) {
    const [found, expected, common] = [sums[i]!, sums[i + 1]!, sums[i + 2]!];
    if (found === 0 || expected === 0) continue;
    precision += common / found;
    recall += common / expected;
    orders++;
  }
  if (precision + recall === 0) return 0;
  const weight = BETA ** 2;
  return (100 * (1 + weight) * precision * recall) / ((weight * precision + recall) * orders);
}

/** Words, with one mark of punctuation at the end or else at the beginning split off. */
function chrfWords(text: string): readonly string[] {
  return splitWords(text).flatMap((word) => {
    if (word.length === 1) return [word];
    if (PUNCTUATION.includes(word.at(-1)!)) return [word.slice(0, -1), word.at(-1)!];
    return PUNCTUATION.includes(word[0]!) ? [word[0]!, word.slice(1)] : [word];
  });
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
