import { iconButton } from '../components';
import { h, icon, part } from '../dom';
import { countText, differenceText, lossText } from '../format';
import { bestEvaluation, evaluationAt, keptCheckpoints, type RunModel } from '../model';
import type { Commands, ScenePart } from './scene';

/** Checkpoints on the disk, newest first, with their validation loss and its distance from the best. */
export function createCheckpoints(commands: Commands): ScenePart {
  const root = part('section');
  return {
    element: root.element,
    update: ({ model, state }) => {
      const kept = keptCheckpoints(model);
      const key = kept.map((checkpoint) => checkpoint.step).join();
      root.render(`${model.run} ${key} ${model.evaluations.length} ${state}`, () => {
        if (kept.length === 0) return [];
        return [
          h(
            'div',
            { class: 'section-head' },
            h('h2', {}, 'Checkpoints'),
            h('span', { class: 'caption tools' }, keptText(model)),
          ),
          table(model, commands),
        ];
      });
    },
  };
}

function keptText(model: RunModel): string {
  const limit = model.started?.settings['save_total_limit'];
  if (typeof limit !== 'number') return '';
  return model.evaluations.length > 0 ? `the last ${limit} and the best are kept` : `the last ${limit} are kept`;
}

function table(model: RunModel, commands: Commands): HTMLElement {
  const best = bestEvaluation(model);
  const bestKept = model.checkpoints.findLast((checkpoint) => checkpoint.best)?.step;
  const row = (step: number, path: string): HTMLElement => {
    const loss = evaluationAt(model, step)?.loss ?? undefined;
    const isBest = step === bestKept;
    const difference = loss === undefined || !best || loss === best.loss ? '' : differenceText(loss - best.loss);
    return h(
      'tr',
      { class: isBest ? 'best' : undefined },
      h(
        'th',
        { scope: 'row' },
        h('b', {}, countText(step)),
        isBest && h('span', { class: 'tag' }, icon('star-full', 'ok'), 'best'),
      ),
      h('td', { class: 'number' }, lossText(loss)),
      h('td', { class: 'number muted' }, difference),
      h(
        'td',
        { class: 'number' },
        iconButton({
          icon: 'folder-opened',
          label: `Open the folder of step ${countText(step)}`,
          key: `checkpoint-${step}`,
          onPress: () => commands.act({ type: 'openFolder', path }),
        }),
      ),
    );
  };
  return h(
    'table',
    { class: 'checkpoints' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'step'),
        h('th', { scope: 'col', class: 'number' }, 'validation loss'),
        h('th', { scope: 'col', class: 'number' }, 'against best'),
        h('th', { scope: 'col' }, h('span', { class: 'unseen' }, 'folder')),
      ),
    ),
    h('tbody', {}, ...keptCheckpoints(model).map((checkpoint) => row(checkpoint.step, checkpoint.path))),
  );
}
