/** What the numbers of a report say in words: the same on the terminal, in the Markdown report and on the page. */
import type { EvaluationReport, MetricResult } from './report';

/** `null`: there is no interval to read. */
export type Reading = 'better' | 'worse' | 'higher' | 'lower' | 'unclear' | null;

/** An interval that holds 0 shows no clear change, however large the difference. */
export function readingOf({
  difference,
  higherIsBetter,
}: Pick<MetricResult, 'difference' | 'higherIsBetter'>): Reading {
  const interval = difference?.interval;
  if (!interval) return null;
  if (interval.low <= 0 && interval.high >= 0) return 'unclear';
  const rises = interval.low > 0;
  if (higherIsBetter === null) return rises ? 'higher' : 'lower';
  return rises === higherIsBetter ? 'better' : 'worse';
}

export function readingWords(reading: Reading, unit: MetricResult['unit']): string {
  if (reading === null) return '–';
  if (reading === 'unclear') return 'no clear change';
  if (unit !== 'tokens') return reading;
  return { better: 'better', worse: 'worse', higher: 'longer', lower: 'shorter' }[reading];
}

export interface Headline {
  readonly verdict: 'better' | 'worse' | 'mixed' | 'unclear';
  readonly text: string;
}

/** Whether there are two models to compare. */
export function hasDifference({ metrics, benchmarks }: Pick<EvaluationReport, 'metrics' | 'benchmarks'>): boolean {
  return [...metrics, ...benchmarks.map(({ overall }) => overall)].some(({ difference }) => difference !== null);
}

/** One sentence on the metrics that have a good direction, and one for each benchmark. */
export function headlineOf(report: EvaluationReport): Headline {
  if (report.tuned === null)
    return { verdict: 'unclear', text: 'Nothing is compared: the tuned model was not evaluated.' };
  const titles: Readonly<Record<'better' | 'worse' | 'unclear', string[]>> = { better: [], worse: [], unclear: [] };
  for (const metric of report.metrics) {
    const reading = readingOf(metric);
    if (metric.higherIsBetter !== null && (reading === 'better' || reading === 'worse' || reading === 'unclear'))
      titles[reading].push(metric.title);
  }
  const benchmarks = report.benchmarks.map(({ title, overall }) => ({ title, reading: readingOf(overall) }));
  const better = titles.better.length > 0 || benchmarks.some(({ reading }) => reading === 'better');
  const worse = titles.worse.length > 0 || benchmarks.some(({ reading }) => reading === 'worse');
  const sentences = [
    metricSentence(titles),
    ...benchmarks.map(({ title, reading }) => reading && `${title}: ${readingWords(reading, 'share')}.`),
  ].filter((sentence) => sentence !== null && sentence !== '');
  return {
    verdict: better && worse ? 'mixed' : better ? 'better' : worse ? 'worse' : 'unclear',
    text: sentences.length > 0 ? sentences.join(' ') : 'Nothing is compared: base and tuned model share no number.',
  };
}

function metricSentence({ better, worse, unclear }: Readonly<Record<string, readonly string[]>>): string {
  const lists = [better ?? [], worse ?? [], unclear ?? []];
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  if (total === 0) return '';
  const words = ['better', 'worse', 'no clear change'];
  const only = lists.findIndex((list) => list.length === total);
  if (only >= 0) {
    const which = total === 1 ? `on ${lists[only]![0]}` : `on all ${total} metrics`;
    return only === 2
      ? `No clear change ${which}: ${total === 1 ? 'its interval holds' : 'their intervals hold'} 0.`
      : `${capital(words[only]!)} than the base ${which}.`;
  }
  const parts = lists.flatMap((list, i) => (list.length > 0 ? [`${words[i]} on ${named(list)}`] : []));
  return `Of ${total} metrics: ${parts.join(', ')}.`;
}

/** A few are named; of many the number is enough. */
function named(titles: readonly string[]): string {
  return titles.length <= 2 ? titles.join(' and ') : String(titles.length);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
