import { h } from '../dom';
import { countText, lossText } from '../format';
import { evaluationAt, type RunModel } from '../model';

const ROWS = 40;

/** The loss chart as a table, newest first: every evaluation, and some forty steps evenly apart. */
export function lossTable(model: RunModel): HTMLElement {
  return h(
    'table',
    {},
    h('caption', { class: 'unseen' }, 'Loss by step, newest first'),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...['step', 'train, smoothed', 'train', 'validation'].map((name) =>
          h('th', { scope: 'col', class: 'number' }, name),
        ),
      ),
    ),
    h(
      'tbody',
      {},
      ...tableSteps(model).map(({ step, index }) => {
        const evaluation = evaluationAt(model, step);
        return h(
          'tr',
          {},
          h('td', { class: 'number' }, countText(step)),
          h('td', { class: 'number' }, lossText(model.series.smooth[index])),
          h('td', { class: 'number' }, lossText(model.series.column('loss')[index])),
          h('td', { class: 'number' }, evaluation ? lossText(evaluation.loss) : ''),
        );
      }),
    ),
  );
}

/** Steps of the table's rows, newest first; `index` is -1 where an evaluation stands at a step without a record. */
export function tableSteps(model: RunModel): { step: number; index: number }[] {
  const steps = model.series.column('step');
  const indexes = new Map<number, number>();
  const stride = Math.max(1, Math.ceil(steps.length / ROWS));
  for (let i = steps.length - 1; i >= 0; i -= stride) indexes.set(steps[i]!, i);
  for (const evaluation of model.evaluations) {
    const near = model.series.nearest(evaluation.step);
    indexes.set(evaluation.step, steps[near] === evaluation.step ? near : -1);
  }
  return [...indexes].map(([step, index]) => ({ step, index })).sort((a, b) => b.step - a.step);
}
