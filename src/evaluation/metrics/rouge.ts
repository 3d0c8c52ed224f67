import { commonLength, commonPlaces } from './common-subsequence';
import { meanOf, type Metric, type TextRow } from './metric';
import { countNGrams, overlap } from './n-grams';
import { porterStem } from './porter-stemmer';

/** ROUGE-1 and -2: n-grams; L: the longest common subsequence; Lsum: the same line by line, for summaries. */
export type RougeKind = 'rouge1' | 'rouge2' | 'rougeL' | 'rougeLsum';

export interface RougeScore {
  readonly precision: number;
  readonly recall: number;
  readonly fmeasure: number;
}

/** Mean F-measure over the rows, 0 to 1, as rouge_score computes it. Only ASCII letters and digits are read. */
export function rouge(kind: RougeKind, useStemmer = true): Metric<TextRow> {
  return meanOf((row) => rougeScore(kind, row, useStemmer).fmeasure);
}

/** ROUGE of one row (Lin 2004) at the reference with the highest F-measure. */
export function rougeScore(kind: RougeKind, { prediction, references }: TextRow, useStemmer = true): RougeScore {
  return references
    .map((reference) => {
      const words = new Words(useStemmer);
      if (kind === 'rougeLsum') return summaryScore(words.ofLines(reference), words.ofLines(prediction));
      const [expected, found] = [words.of(reference), words.of(prediction)];
      return kind === 'rougeL'
        ? scoreOf(commonLength(expected, found), found.length, expected.length)
        : nGramScore(kind === 'rouge1' ? 1 : 2, expected, found);
    })
    .reduce((best, score) => (score.fmeasure > best.fmeasure ? score : best));
}

/** Texts as numbers of words, the same in both texts. */
class Words {
  private readonly ids = new Map<string, number>();

  constructor(private readonly useStemmer: boolean) {}

  of(text: string): Int32Array {
    // Short words keep their endings, as in ROUGE-1.5.5.
    const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    return Int32Array.from(words, (word) => this.idOf(this.useStemmer && word.length > 3 ? porterStem(word) : word));
  }

  ofLines(text: string): readonly Int32Array[] {
    return text.split('\n').map((line) => this.of(line));
  }

  private idOf(word: string): number {
    const known = this.ids.get(word);
    if (known === undefined) this.ids.set(word, this.ids.size);
    return known ?? this.ids.size - 1;
  }
}

function nGramScore(order: number, expected: Int32Array, found: Int32Array): RougeScore {
  const [a, b] = [expected, found].map((ids) => countNGrams(Array.from(ids, String), order, ' ').at(-1));
  return scoreOf(overlap(a!, b!), Math.max(0, found.length - order + 1), Math.max(0, expected.length - order + 1));
}

/**
 * Every line of the reference gives the union of its longest common subsequences with all lines of the prediction
 * (section 3.2); no word counts more often than it occurs in either text.
 */
function summaryScore(expected: readonly Int32Array[], found: readonly Int32Array[]): RougeScore {
  const [expectedLeft, foundLeft] = [expected, found].map(occurrences);
  let hits = 0;
  for (const line of expected) {
    const places = new Set(found.flatMap((other) => commonPlaces(line, other)));
    for (const place of [...places].sort((a, b) => a - b)) {
      const word = line[place]!;
      const [inExpected, inFound] = [expectedLeft!.get(word) ?? 0, foundLeft!.get(word) ?? 0];
      if (inExpected === 0 || inFound === 0) continue;
      hits++;
      expectedLeft!.set(word, inExpected - 1);
      foundLeft!.set(word, inFound - 1);
    }
  }
  return scoreOf(hits, lengthOf(found), lengthOf(expected));
}

function occurrences(lines: readonly Int32Array[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const line of lines) for (const word of line) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function lengthOf(lines: readonly Int32Array[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}

function scoreOf(common: number, found: number, expected: number): RougeScore {
  const precision = common / Math.max(1, found);
  const recall = common / Math.max(1, expected);
  const fmeasure = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, fmeasure };
}
