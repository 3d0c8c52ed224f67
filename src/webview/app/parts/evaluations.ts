import { metricFacts } from '../../../evaluation/metrics/catalog';
import type { EvaluatedEvent } from '../../../training/protocol';
import { h, icon, part } from '../dom';
import { valueText } from '../../../evaluation/numbers';
import { dayText } from '../format';
import type { Commands, ScenePart } from './scene';

/** The evaluations of the trained model, each with the metrics that say most; they open the report. */
export function createEvaluations(commands: Commands): ScenePart {
  const root = part('section', { class: 'evaluations' });
  return {
    element: root.element,
    update: ({ model: { run, reports } }) =>
      root.render(JSON.stringify([run, reports]), () =>
        reports.length === 0
          ? []
          : [
              h('div', { class: 'section-head' }, h('h2', {}, 'Evaluations')),
              ...reports.map((evaluated) => row(evaluated, commands)),
            ],
      ),
  };
}

function row(evaluated: EvaluatedEvent, commands: Commands): HTMLElement {
  const { name, time, report } = evaluated;
  const element = h(
    'button',
    { type: 'button', class: 'run', 'data-key': report, title: 'Open the report' },
    icon('beaker'),
    h(
      'span',
      { class: 'grow' },
      h('span', { class: 'ellipsis name' }, name),
      h('span', { class: 'caption ellipsis' }, [...changes(evaluated), dayText(Date.parse(time))].join(' · ')),
    ),
    icon('chevron-right', 'small'),
  );
  element.addEventListener('click', () => commands.act({ type: 'openEvaluation', path: report }));
  return element;
}

/** Metrics that a line has room for. */
const SHOWN = 2;

function changes({ base, tuned }: EvaluatedEvent): string[] {
  const texts = Object.keys({ ...base, ...tuned }).flatMap((id) => {
    const [before, after] = [base[id] ?? null, tuned[id] ?? null];
    if (id === 'answer_tokens' || (before === null && after === null)) return [];
    // What is none of the metrics is a benchmark: a share of right answers.
    const { title, unit } = metricFacts(id) ?? { title: id, unit: 'share' };
    const values = [before, after].filter((value) => value !== null).map((value) => valueText(value, unit));
    return [`${title} ${values.join(' → ')}`];
  });
  return texts.slice(0, SHOWN);
}
