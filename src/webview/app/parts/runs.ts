import { h, icon, part } from '../dom';
import { countText, dayText, lossText } from '../format';
import type { RunSummary } from '../../protocol';
import type { Commands, ScenePart } from './scene';
import { STATES } from './words';

/** List of runs to pick from, newest first; closed until asked for. */
export function createRuns(commands: Commands): ScenePart & { toggle(): void } {
  const root = part('nav', { 'aria-label': 'Runs', class: 'runs' });
  let open = false;
  let draw = (): void => undefined;
  return {
    element: root.element,
    toggle: () => {
      open = !open;
      draw();
      if (open) root.element.querySelector<HTMLElement>('[aria-current]')?.focus();
    },
    update: ({ runs, model }) => {
      draw = () =>
        root.render(`${open}${model.run}${JSON.stringify(runs)}`, () =>
          open
            ? runs.map((summary) =>
                row(summary, summary.run === model.run, () => {
                  open = false;
                  commands.showRun(summary.run);
                  draw();
                }),
              )
            : [],
        );
      draw();
    },
  };
}

function row(summary: RunSummary, current: boolean, onPick: () => void): HTMLElement {
  const { icon: name, color, word } = STATES[summary.state];
  const steps = summary.totalSteps > 0 ? `${countText(summary.step)} of ${countText(summary.totalSteps)} steps` : '';
  const facts = [dayText(Date.parse(summary.startedAt)), word, steps].filter((text) => text !== '').join(' · ');
  const element = h(
    'button',
    { type: 'button', class: 'run', 'data-key': summary.run, 'aria-current': current ? 'true' : undefined },
    icon(name, color),
    h(
      'span',
      { class: 'grow' },
      h('span', { class: 'ellipsis name' }, summary.name),
      h('span', { class: 'caption ellipsis' }, facts),
    ),
    summary.validationLoss !== null &&
      h(
        'span',
        { class: 'loss' },
        h('span', {}, lossText(summary.validationLoss)),
        h('span', { class: 'caption' }, 'validation'),
      ),
  );
  element.addEventListener('click', onPick);
  return element;
}
