/** What `fine-tune score` computes. The metrics are many, so they are imported only when they are asked for. */
import { Failure } from '../common/failure';
import { metricsNamed } from '../evaluation/choose-metrics';
import type { Interval } from '../evaluation/metrics/bootstrap';
import { metricTable } from '../evaluation/report-cells';
import { readPredictions } from '../evaluation/score-file';
import { type Rules, resultOf, scorerOf } from '../evaluation/scorer';

export interface Scores {
  readonly rows: number;
  readonly json: {
    readonly path: string;
    readonly rows: number;
    readonly metrics: Readonly<Record<string, { value: number | null; interval: Interval | null; signature?: string }>>;
  };
  /** With its head. */
  readonly table: readonly (readonly string[])[];
}

export interface ScoreOptions {
  /** Ids. */
  readonly metrics: readonly string[];
  readonly rules: Rules;
  readonly seed: number;
}

/** @throws Failure (exit code 2) of the metrics and the file */
export function scoreRows(path: string, { metrics: ids, rules, seed }: ScoreOptions): Scores {
  const metrics = metricsNamed(ids);
  const blind = metrics.find(({ needs }) => needs === 'likelihoods');
  if (blind) throw new Failure('usage', `${blind.id} needs a model, not predictions.`, 'Use "fine-tune evaluate".', 2);
  const scorers = metrics.map((metric) => scorerOf(metric, rules));
  const texts = readPredictions(
    path,
    metrics.some(({ needs }) => needs === 'references'),
  );
  const rows = texts.map((text) => ({ base: { text }, tuned: undefined }));
  const results = scorers.flatMap((scorer) => resultOf(scorer, rows, { seed }) ?? []);
  return {
    rows: rows.length,
    json: {
      path,
      rows: rows.length,
      metrics: Object.fromEntries(
        results.map(({ id, base, signature }) => [id, { ...base, ...(signature !== undefined && { signature }) }]),
      ),
    },
    table: metricTable({ metrics: results, benchmarks: [] }),
  };
}
