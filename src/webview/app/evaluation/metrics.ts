import { benchmarkFacts } from '../../../evaluation/benchmark-cells';
import { readingOf, readingWords, type Reading } from '../../../evaluation/reading';
import { benchmarkMetrics } from '../../../evaluation/report-cells';
import type { BenchmarkResult, EvaluationReport, MetricResult } from '../../../evaluation/report';
import type { EvaluationAction } from '../../evaluation-protocol';
import { linkButton } from '../components';
import { h, icon } from '../dom';
import { countText } from '../format';
import { createAxis, spanOf, type Axis } from './axis';
import { axisHead, axisMark } from './axis-drawing';
import { differenceText, decimalsFor, valueText } from '../../../evaluation/numbers';
import { subjectTable } from './subjects';
import type { EvaluationView } from './view';

export interface ReportCommands {
  act(action: EvaluationAction): void;
  setView(change: Partial<EvaluationView>): void;
}

/** Metrics, and benchmarks on the same axis. @param width of the page in CSS pixels */
export function metricSections(
  report: EvaluationReport,
  view: EvaluationView,
  width: number,
  commands: ReportCommands,
): HTMLElement[] {
  const { benchmarks } = report;
  const scores = benchmarks.flatMap(benchmarkMetrics);
  const spans = [...report.metrics, ...scores].flatMap((metric) => spanOf(metric) ?? []);
  // In a narrow page a row is a block of its own, and the drawing as wide as the page.
  const axis = createAxis(spans, Math.round(width < NARROW ? width : Math.min(440, width * 0.32)));
  const drawing = { axis, report };
  return [
    ...(report.metrics.length > 0
      ? [
          h(
            'section',
            { 'aria-label': 'Metrics' },
            resultTable('Metric', report.metrics, drawing),
            h('p', { class: 'caption after' }, footnote(report)),
          ),
        ]
      : []),
    ...(benchmarks.length > 0
      ? [
          h(
            'section',
            { class: 'panel' },
            h('div', { class: 'section-head' }, h('h2', {}, 'Benchmarks')),
            resultTable('Benchmark', scores, drawing),
            ...benchmarks.map((benchmark) => bySubject(benchmark, view, commands)),
          ),
        ]
      : []),
  ];
}

/** As in the style sheet, less the sides of the page. */
const NARROW = 900;

interface Drawing {
  readonly axis: Axis;
  readonly report: EvaluationReport;
}

function resultTable(noun: string, metrics: readonly MetricResult[], { axis, report }: Drawing): HTMLElement {
  const level = `${Math.round(report.resampling.level * 100)} % interval`;
  const head = (text: string, kind = ''): HTMLElement =>
    h('th', { scope: 'col', class: kind, role: 'columnheader' }, text);
  const names = ['Base', 'Tuned', 'Difference', level];
  const table = h(
    'table',
    { class: 'results', role: 'table' },
    h('caption', { class: 'unseen' }, `${noun}s of the base and the tuned model`),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        head(noun),
        ...names.map((name) => head(name, 'number')),
        h(
          'th',
          { scope: 'col', class: 'axis', role: 'columnheader' },
          'Interval in % of the base value',
          axisHead(axis),
        ),
        head('Reading'),
      ),
    ),
    h('tbody', { role: 'rowgroup' }, ...metrics.map((metric) => resultRow(metric, axis, level))),
  );
  table.style.setProperty('--axis', `${axis.width}px`);
  return table;
}

function resultRow(metric: MetricResult, axis: Axis, level: string): HTMLElement {
  const { title, unit, base, tuned, difference } = metric;
  const reading = readingOf(metric);
  const interval = difference?.interval;
  const decimals = decimalsFor(unit, difference?.value);
  const finer = decimalsFor(unit, interval?.low, interval?.high, difference?.value);
  const between =
    interval && `${differenceText(interval.low, unit, finer)} to ${differenceText(interval.high, unit, finer)}`;
  const p = difference?.pValue;
  const cell = (name: string, text: string, kind = ''): HTMLElement =>
    h('td', { class: `number ${kind}`.trim(), role: 'cell', 'data-name': name }, text);
  return h(
    'tr',
    {
      role: 'row',
      title: p === null || p === undefined ? undefined : `p = ${p < 0.001 ? 'below 0.001' : p.toFixed(3)}`,
    },
    h('th', { scope: 'row', role: 'rowheader' }, title, ' ', h('span', { class: 'caption' }, aside(metric))),
    cell('Base', valueText(base.value, unit, decimals)),
    cell('Tuned', valueText(tuned?.value, unit, decimals), 'strong'),
    cell('Difference', differenceText(difference?.value, unit, decimals)),
    cell(level, between ?? '–'),
    h('td', { class: 'axis', role: 'cell' }, axisMark(axis, spanOf(metric), reading, metric)),
    h('td', { class: 'reading', role: 'cell' }, ...readingCell(reading, unit)),
  );
}

function aside({ unit, higherIsBetter, reference }: MetricResult): string {
  const parts = [
    ...(unit === 'tokens' ? ['tokens'] : []),
    ...(reference === undefined ? [] : [`reference ${valueText(reference, 'tokens')}`]),
    ...(higherIsBetter === false ? ['lower is better'] : []),
  ];
  return parts.join('; ');
}

const READINGS: Readonly<Record<NonNullable<Reading>, readonly [string, string]>> = {
  better: ['arrow-up', 'ok'],
  worse: ['arrow-down', 'bad'],
  higher: ['arrow-small-right', 'muted'],
  lower: ['arrow-small-left', 'muted'],
  unclear: ['dash', 'muted'],
};

function readingCell(reading: Reading, unit: MetricResult['unit']): HTMLElement[] {
  if (reading === null) return [h('span', { class: 'muted' }, '–')];
  const [name, color] = READINGS[reading];
  const words = h('span', { class: reading === 'unclear' ? 'muted' : undefined }, readingWords(reading, unit));
  return [icon(name, `small ${color}`), words];
}

function footnote({ resampling, metrics }: EvaluationReport): string {
  const signatures = metrics.flatMap(({ title, signature }) => (signature ? [`${title}: ${signature}.`] : []));
  const { samples, seed } = resampling;
  return [`Intervals: ${countText(samples)} paired bootstrap samples, seed ${seed}.`, ...signatures].join(' ');
}

function bySubject(benchmark: BenchmarkResult, view: EvaluationView, commands: ReportCommands): HTMLElement {
  const { id, title, subjects } = benchmark;
  const open = view.subjects.includes(id);
  const toggle = linkButton(`${open ? 'Hide' : 'By subject'} (${countText(subjects.length)})`, `subjects-${id}`, () =>
    commands.setView({ subjects: open ? view.subjects.filter((other) => other !== id) : [...view.subjects, id] }),
  );
  toggle.setAttribute('aria-expanded', String(open));
  return h(
    'div',
    { class: 'subjects' },
    h(
      'p',
      { class: 'caption' },
      h('span', {}, `${title}: ${benchmarkFacts(benchmark)} `),
      ...(subjects.length > 1 ? [toggle] : []),
    ),
    ...(open && subjects.length > 1 ? [subjectTable(benchmark)] : []),
  );
}
