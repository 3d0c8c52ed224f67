import { headlineOf } from '../../../evaluation/reading';
import type { EvaluationReport } from '../../../evaluation/report';
import type { EvaluationAction, PredictionFacts } from '../../evaluation-protocol';
import { button, iconButton } from '../components';
import { h, icon } from '../dom';
import { countText, dayText, durationText, plural } from '../format';

/** What was compared with what, what came of it in a sentence, and what the reader must know besides. */
export function reportHead(
  report: EvaluationReport,
  predictions: PredictionFacts | null,
  act: (action: EvaluationAction) => void,
): HTMLElement[] {
  return [header(report, act), headline(report), ...notes(report, predictions)];
}

function header(report: EvaluationReport, act: (action: EvaluationAction) => void): HTMLElement {
  const { subject, step, name, created } = report;
  const title = step === null ? subject : `${subject}, step ${countText(step)}`;
  const facts = factsOf(report).join(' · ');
  return h(
    'header',
    { class: 'evaluation-head' },
    h(
      'div',
      { class: 'grow' },
      h('h1', { title: `${name}, ${dayText(Date.parse(created))}` }, title),
      h('p', { class: 'muted' }, facts),
    ),
    h(
      'div',
      { class: 'head-tools' },
      iconButton({
        icon: 'refresh',
        label: 'Read the report again',
        key: 'refresh',
        onPress: () => act({ type: 'refresh' }),
      }),
      button({
        label: 'Copy as Markdown',
        icon: 'copy',
        key: 'copy',
        onPress: () => act({ type: 'copyMarkdown' }),
      }),
      ...(report.run === null
        ? []
        : [button({ label: 'Export', icon: 'export', key: 'export', onPress: () => act({ type: 'export' }) })]),
    ),
  );
}

function factsOf({ base, tuned, data, generation, seconds }: EvaluationReport): string[] {
  const weights = base.weights === 'float32' ? base.name : `${base.name} (${base.weights})`;
  const examples = data && (data.evaluated === data.rows ? '' : `${countText(data.evaluated)} of `);
  return [
    tuned ? `against its base ${weights}` : weights,
    ...(data ? [`${examples}${plural(data.rows, 'example')} of ${fileName(data.path)}`] : []),
    ...(generation ? [`${sampling(generation)}, at most ${plural(generation.maxNewTokens, 'token')}`] : []),
    durationText(seconds),
  ];
}

function sampling({ temperature, topP, topK, seed }: NonNullable<EvaluationReport['generation']>): string {
  if (temperature === 0) return 'greedy';
  const parts = [`temperature ${temperature}`];
  if (topP < 1) parts.push(`top-p ${topP}`);
  if (topK > 0) parts.push(`top-k ${topK}`);
  return [...parts, `seed ${seed}`].join(', ');
}

const VERDICTS = {
  better: ['pass', 'ok'],
  worse: ['arrow-down', 'bad'],
  mixed: ['warning', 'warn'],
  unclear: ['dash', 'muted'],
} as const;

function headline(report: EvaluationReport): HTMLElement {
  const { verdict, text } = headlineOf(report);
  const [name, color] = VERDICTS[verdict];
  return h('p', { class: `message headline ${verdict}` }, icon(name, color), h('span', {}, text));
}

function notes({ notes: given }: EvaluationReport, predictions: PredictionFacts | null): HTMLElement[] {
  const unreadable = predictions?.unreadable ?? 0;
  const all = [
    ...given,
    ...(unreadable > 0 ? [`${plural(unreadable, 'line')} of the predictions file cannot be read.`] : []),
  ];
  if (all.length === 0) return [];
  const items = all.map((note) => h('li', {}, icon('info', 'accent'), h('span', {}, note)));
  return [h('ul', { class: 'notes', 'aria-label': 'Notes' }, ...items)];
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
