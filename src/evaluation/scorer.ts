/** Turns what two models did on the same rows into the numbers of a report. */
import { Failure } from '../common/failure';
import type { Likelihood } from './likelihood';
import { bleuSignature } from './metrics/bleu';
import { type Interval, type ResampleOptions, confidenceInterval } from './metrics/bootstrap';
import { chrfSignature } from './metrics/chrf';
import { schemaCheck } from './metrics/json-schema';
import { type Metric, type Tally, type TextRow, meanOf, tally } from './metrics/metric';
import { pairedBootstrap } from './metrics/paired-test';
import { type Check, passRate, patternCheck } from './metrics/pass-rate';
import { perplexity } from './metrics/perplexity';
import type { MetricInfo } from './metrics/table';
import { tokenAccuracy } from './metrics/token-accuracy';
import type { MetricResult, ScoredSide } from './report';
import { withTimeLimit } from './time-limit';

/** A regular expression that takes longer on an answer has not passed. */
const CHECK_MS = 100;

/** What the metrics `pattern` and `json_schema` ask for. */
export interface Rules {
  readonly pattern?: string | undefined;
  readonly schema?: unknown;
}

/** One row as a metric reads it. */
export interface ScoredRow {
  readonly likelihood?: Likelihood | undefined;
  readonly text?: TextRow | undefined;
  readonly answerTokens?: number | undefined;
}

export interface Scorer extends Pick<MetricResult, 'id' | 'title' | 'unit' | 'higherIsBetter'> {
  /** Whether it has something to say about a row. */
  applies(row: ScoredRow): boolean;
  /** Of rows to which it applies. */
  tally(rows: readonly ScoredRow[]): Tally;
  signature?(rows: readonly ScoredRow[]): string;
}

/** @throws Failure `usage` (exit code 2) where a metric lacks its rule, and what a rule that cannot be used throws */
export function scorerOf(metric: MetricInfo, rules: Rules): Scorer {
  const { id, title, unit, higherIsBetter } = metric;
  const facts = { id, title, unit, higherIsBetter };
  if (metric.needs === 'likelihoods') return { ...facts, ...likelihoodScorer(id) };
  const texts = textTally(metric, rules);
  return {
    ...facts,
    applies: ({ text }) => text !== undefined,
    tally: (rows) => texts(rows.map(({ text }) => text!)),
    ...(id in SIGNATURES && {
      signature: (rows: readonly ScoredRow[]) => SIGNATURES[id]!(rows.map(({ text }) => text!)),
    }),
  };
}

/** How long the answers are; longer is neither better nor worse. */
export const ANSWER_TOKENS: Scorer = {
  id: 'answer_tokens',
  title: 'Answer length',
  unit: 'tokens',
  higherIsBetter: null,
  applies: ({ answerTokens }) => answerTokens !== undefined,
  tally: (rows) =>
    tally(
      meanOf(({ answerTokens }: ScoredRow) => answerTokens!),
      rows,
    ),
};

export type Both = { readonly base: ScoredRow | undefined; readonly tuned: ScoredRow | undefined };

/** @returns undefined where the metric applies to no row */
export function resultOf(scorer: Scorer, rows: readonly Both[], options: ResampleOptions): MetricResult | undefined {
  const { id, title, unit, higherIsBetter } = scorer;
  const sideRows = (side: keyof Both): ScoredRow[] =>
    rows.flatMap((row) => (row[side] && scorer.applies(row[side]) ? [row[side]] : []));
  const [base, tuned] = [sideRows('base'), sideRows('tuned')];
  const some = base.length > 0 ? base : tuned;
  if (some.length === 0) return undefined;
  const signature = scorer.signature?.(some);
  return {
    id,
    title,
    unit,
    higherIsBetter,
    ...compareSides((side) => scorer.tally(side), { base, tuned }, options),
    ...(signature !== undefined && { signature }),
  };
}

/** Scores of both sides, and the difference where both have the same rows. A side without a row was not evaluated. */
export function compareSides<Row>(
  tallyOf: (rows: readonly Row[]) => Tally,
  { base, tuned }: { readonly base: readonly Row[]; readonly tuned: readonly Row[] },
  options: ResampleOptions,
): Pick<MetricResult, 'base' | 'tuned' | 'difference'> {
  const paired = base.length > 0 && base.length === tuned.length;
  return {
    base: base.length > 0 ? sideOf(tallyOf(base), options) : NOTHING,
    tuned: tuned.length > 0 ? sideOf(tallyOf(tuned), options) : null,
    difference: paired ? differenceOf(tallyOf([...base, ...tuned]), options) : null,
  };
}

/** Resamples of one row are all the same: an interval of no width would claim to be sure. */
const LEAST_ROWS = 2;

const NOTHING: ScoredSide = { value: null, interval: null };

function sideOf(rows: Tally, options: ResampleOptions): ScoredSide {
  const interval = rows.rows < LEAST_ROWS ? null : finiteInterval(confidenceInterval(rows, options));
  return { value: finite(rows.score()), interval };
}

function differenceOf(both: Tally, options: ResampleOptions): MetricResult['difference'] {
  const { difference, interval, pValue } = pairedBootstrap(both, options);
  if (both.rows < 2 * LEAST_ROWS) return { value: finite(difference), interval: null, pValue: null };
  return { value: finite(difference), interval: finiteInterval(interval), pValue: finite(pValue) };
}

/** JSON knows no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function finiteInterval({ low, high }: Interval): Interval | null {
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : null;
}

function likelihoodScorer(id: string): Pick<Scorer, 'applies' | 'tally'> {
  // The sums of a row are enough: the definitions are those of the metrics.
  const metric: Metric<Likelihood> =
    id === 'perplexity'
      ? { count: ({ nll, tokens }) => [nll, tokens], score: perplexity.score }
      : { count: ({ right, tokens }) => [right, tokens], score: tokenAccuracy.score };
  return {
    applies: ({ likelihood }) => likelihood !== undefined,
    tally: (rows) =>
      tally(
        metric,
        rows.map(({ likelihood }) => likelihood!),
      ),
  };
}

function textTally(metric: MetricInfo, rules: Rules): (rows: readonly TextRow[]) => Tally {
  if (metric.tally) return metric.tally;
  const counted = passRate(checkOf(metric, rules), (check) => withTimeLimit(check, CHECK_MS));
  return (rows) => tally(counted, rows);
}

function checkOf({ id, needs }: MetricInfo, { pattern, schema }: Rules): Check {
  if (needs === 'pattern' && pattern !== undefined) return patternCheck(pattern);
  if (needs === 'schema' && schema !== undefined) return schemaCheck(schema);
  const flag = needs === 'pattern' ? '--pattern REGEX' : '--schema FILE';
  throw new Failure('usage', `The metric ${id} needs ${flag}.`, `Add ${flag}.`, 2);
}

const SIGNATURES: Readonly<Record<string, (rows: readonly TextRow[]) => string>> = {
  bleu: (rows) => bleuSignature(rows),
  chrf: (rows) => chrfSignature(rows),
  'chrf++': (rows) => chrfSignature(rows, { wordOrder: 2 }),
};
