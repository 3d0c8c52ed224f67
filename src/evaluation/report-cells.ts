/** The numbers of a report as terminal and Markdown show them. */
import { readingOf, readingWords } from './reading';
import type { BenchmarkResult, EvaluationReport, MetricResult } from './report';

type Unit = MetricResult['unit'];

const MISSING = '–';
const MINUS = '−';

/** `31.4 %`, `27.3`, `8.41`, `139` */
export function valueText(value: number | null, unit: Unit): string {
  if (value === null) return MISSING;
  switch (unit) {
    case 'share':
      return `${(100 * value).toFixed(1)} %`;
    case 'points':
      return value.toFixed(1);
    case 'none':
      return value < 100 ? value.toFixed(3) : Math.round(value).toLocaleString('en-US');
    case 'tokens':
      return value.toFixed(1);
    default:
      return unit satisfies never;
  }
}

/** With its sign; of shares in percentage points: `+15.8`. */
export function differenceText(value: number | null, unit: Unit): string {
  if (value === null) return MISSING;
  const size = valueText(Math.abs(value), unit).replace(' %', '');
  return Number(size.replaceAll(',', '')) === 0 ? size : `${value < 0 ? MINUS : '+'}${size}`;
}

export const METRIC_COLUMNS = ['metric', 'base', 'tuned', 'difference', 'interval', 'reading'] as const;

/** One row of the table, in the order of `METRIC_COLUMNS`. */
export function metricCells(metric: MetricResult): string[] {
  const { title, unit, difference } = metric;
  const interval = difference?.interval;
  return [
    title,
    valueText(metric.base.value, unit),
    valueText(metric.tuned?.value ?? null, unit),
    differenceText(difference?.value ?? null, unit),
    interval ? `${differenceText(interval.low, unit)} to ${differenceText(interval.high, unit)}` : MISSING,
    difference ? readingWords(readingOf(metric), unit) : MISSING,
  ];
}

/** Where only one model was evaluated. */
export function sideCells({ title, unit, base, tuned }: MetricResult): string[] {
  const { value, interval } = base.value === null && tuned ? tuned : base;
  return [
    title,
    valueText(value, unit),
    interval ? `${valueText(interval.low, unit)} to ${valueText(interval.high, unit)}` : MISSING,
  ];
}

/** Rows of the table of metrics and benchmarks, its head first. */
export function metricTable(report: Pick<EvaluationReport, 'metrics' | 'benchmarks'>): string[][] {
  const metrics = [...report.metrics, ...report.benchmarks.flatMap(asMetrics)];
  const level = '95 % interval';
  if (metrics.every(({ difference }) => difference === null))
    return [['metric', 'value', level], ...metrics.map(sideCells)];
  const head = METRIC_COLUMNS.map((name) => (name === 'interval' ? level : name));
  return [head, ...metrics.map(metricCells)];
}

function asMetrics({ id, title, overall, others }: BenchmarkResult): MetricResult[] {
  return [{ ...overall, id, title }, ...others.map((other) => ({ ...other, title: `${title}, ${other.title}` }))];
}
