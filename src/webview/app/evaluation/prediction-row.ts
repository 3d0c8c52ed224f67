import type { Prediction, PredictionRow } from '../../../evaluation/report';
import type { EvaluationAction, RowMetric } from '../../evaluation-protocol';
import { linkButton } from '../components';
import { h, icon } from '../dom';
import { countText } from '../format';
import { compareWords, type Stretch } from './differences';
import { differenceText, valueText } from '../../../evaluation/numbers';

/** Characters of a text that are shown before someone asks for all. */
const BEGINNING = 1200;

/** One record: what was asked, the right answer, and what both models wrote. */
export function predictionRow(
  row: PredictionRow,
  metric: RowMetric | undefined,
  act: (action: EvaluationAction) => void,
): HTMLElement {
  const { line, prompt, reference, base, tuned } = row;
  const ofTuned = tuned?.text === undefined ? undefined : compareWords(reference, tuned.text);
  const ofBase = base?.text === undefined ? undefined : compareWords(reference, base.text);
  const written = ofBase !== undefined || ofTuned !== undefined;
  const columns = [
    column('Reference', ofTuned?.a ?? plain(reference), 'missing', ''),
    written && base && column('Base', ofBase?.b ?? [], 'other', scoreText(base, metric), base),
    written && tuned && column('Tuned', ofTuned?.b ?? [], 'extra', scoreText(tuned, metric), tuned),
  ].filter((each) => each instanceof HTMLElement);
  return h(
    'article',
    { class: 'prediction', 'aria-label': `Line ${line}` },
    h(
      'div',
      { class: 'question' },
      linkButton(`line ${countText(line)}`, `line-${line}`, () => act({ type: 'showLine', line })),
      h(
        'p',
        { class: 'prompt strong', title: prompt.slice(0, BEGINNING) },
        prompt === '' ? '(empty prompt)' : prompt.slice(0, BEGINNING),
      ),
      ...verdict(row, metric),
    ),
    h('div', { class: `columns of-${columns.length}` }, ...columns),
  );
}

function column(
  name: string,
  text: readonly Stretch[],
  kind: string,
  score: string,
  prediction?: Prediction,
): HTMLElement {
  const finish = prediction?.finish === 'length' ? 'cut at the limit of tokens' : '';
  return h(
    'div',
    { class: `column ${name.toLowerCase()}` },
    h('h3', { class: 'caption' }, h('b', {}, name), h('span', { class: 'score' }, score)),
    textBlock(text, kind, prediction === undefined || prediction.text !== undefined),
    finish !== '' && h('p', { class: 'caption' }, finish),
  );
}

function textBlock(text: readonly Stretch[], kind: string, written: boolean): HTMLElement {
  const length = text.reduce((sum, stretch) => sum + stretch.text.length, 0);
  if (length === 0) return h('p', { class: 'muted' }, written ? '(nothing)' : 'Only its likelihood was measured.');
  const block = h('p', { class: 'answer' }, ...marked(beginningOf(text, BEGINNING), kind));
  if (length <= BEGINNING) return block;
  const all = linkButton(`Show all ${countText(length)} characters`, 'all', () => {
    block.replaceChildren(...marked(text, kind));
    all.remove();
  });
  return h('div', {}, block, all);
}

function marked(text: readonly Stretch[], kind: string): (HTMLElement | string)[] {
  return text.map((stretch) => (stretch.marked ? h('mark', { class: kind }, stretch.text) : stretch.text));
}

function beginningOf(text: readonly Stretch[], most: number): Stretch[] {
  const kept: Stretch[] = [];
  let left = most;
  for (const stretch of text) {
    if (left <= 0) break;
    kept.push({ ...stretch, text: stretch.text.slice(0, left) });
    left -= stretch.text.length;
  }
  return kept;
}

function verdict({ base, tuned }: PredictionRow, metric: RowMetric | undefined): HTMLElement[] {
  const [before, after] = [scoreOf(base, metric), scoreOf(tuned, metric)];
  if (!metric || before === undefined || after === undefined) return [];
  const change = after - before;
  const regression = (metric.higherIsBetter ? change : -change) < 0;
  const decimals = decimalsOf(metric);
  // Where nothing was written there are no columns with the two scores.
  const both = `${valueText(before, metric.unit, decimals)} → ${valueText(after, metric.unit, decimals)}`;
  const scores = base?.text === undefined && tuned?.text === undefined ? `${both}, ` : '';
  const text = `${metric.title} ${scores}${differenceText(change, metric.unit, decimals)}`;
  return [
    h(
      'span',
      { class: 'verdict' },
      regression && icon('arrow-down', 'small bad'),
      regression && 'regression,',
      h('span', {}, text),
    ),
  ];
}

function scoreText(prediction: Prediction, metric: RowMetric | undefined): string {
  const score = scoreOf(prediction, metric);
  return metric && score !== undefined ? `${metric.title} ${valueText(score, metric.unit, decimalsOf(metric))}` : '';
}

function scoreOf(prediction: Prediction | null, metric: RowMetric | undefined): number | undefined {
  return metric?.id === 'loss' ? prediction?.loss : metric && prediction?.scores[metric.id];
}

function decimalsOf({ id }: RowMetric): number | undefined {
  return id === 'loss' ? 3 : undefined;
}

function plain(text: string): Stretch[] {
  return text === '' ? [] : [{ text, marked: false }];
}
