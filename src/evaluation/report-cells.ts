/** The numbers of a report as terminal and Markdown show them. */
import { NO_VALUE, differenceText, valueText } from './numbers';
import { readingOf, readingWords } from './reading';
import type { BenchmarkResult, EvaluationReport, MetricResult } from './report';

const METRIC_COLUMNS = ['metric', 'base', 'tuned', 'difference', 'interval', 'reading'] as const;

/** One row of the table, in the order of `METRIC_COLUMNS`. */
function metricCells(metric: MetricResult): string[] {
  const { title, unit, difference } = metric;
  const interval = difference?.interval;
  return [
    title,
    valueText(metric.base.value, unit),
    valueText(metric.tuned?.value, unit),
    differenceText(difference?.value, unit),
    interval ? `${differenceText(interval.low, unit)} to ${differenceText(interval.high, unit)}` : NO_VALUE,
    difference ? readingWords(readingOf(metric), unit) : NO_VALUE,
  ];
}

/** Where only one model was evaluated. */
function sideCells({ title, unit, base, tuned }: MetricResult): string[] {
  const { value, interval } = base.value === null && tuned ? tuned : base;
  return [
    title,
    valueText(value, unit),
    interval ? `${valueText(interval.low, unit)} to ${valueText(interval.high, unit)}` : NO_VALUE,
  ];
}

/** Rows of the table of metrics and benchmarks, its head first. */
export function metricTable(report: Pick<EvaluationReport, 'metrics' | 'benchmarks'>): string[][] {
  const metrics = [...report.metrics, ...report.benchmarks.flatMap(benchmarkMetrics)];
  const level = '95 % interval';
  if (metrics.every(({ difference }) => difference === null))
    return [['metric', 'value', level], ...metrics.map(sideCells)];
  const head = METRIC_COLUMNS.map((name) => (name === 'interval' ? level : name));
  return [head, ...metrics.map(metricCells)];
}

/** The share of right answers, and what else was found in the same answers. */
export function benchmarkMetrics({ id, title, overall, others }: BenchmarkResult): MetricResult[] {
  return [{ ...overall, id, title }, ...others.map((other) => ({ ...other, title: `${title}, ${other.title}` }))];
}
