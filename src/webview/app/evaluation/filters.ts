import {
  ROW_FILTERS,
  type PredictionFacts,
  type RowFilter,
  type RowMetric,
  type RowPage,
} from '../../evaluation-protocol';
import { h, icon, part } from '../dom';
import { countText } from '../format';
import type { EvaluationView } from './view';

export interface Filters {
  readonly element: HTMLElement;
  setCounts(counts: RowPage['counts']): void;
  update(facts: PredictionFacts, view: EvaluationView, metric: RowMetric | undefined): void;
}

const WORDS: Readonly<Record<RowFilter, string>> = {
  changed: 'Changed',
  worst: 'Worst',
  best: 'Best',
  regressions: 'Regressions',
  refusals: 'Refusals',
  all: 'All',
};

/** Which rows are shown, by which metric they are in order, and what is searched for. */
export function createFilters(setView: (change: Partial<EvaluationView>) => void): Filters {
  const chips = part('div', { class: 'chips', role: 'group', 'aria-label': 'Rows' });
  const sorting = part('span', { class: 'row' });
  const search = h('input', {
    class: 'search',
    type: 'search',
    placeholder: 'Search the texts',
    'aria-label': 'Search the texts',
  });
  const legend = part('p', { class: 'caption legend' });
  let counts: RowPage['counts'] | undefined;
  let last: (() => void) | undefined;
  search.addEventListener('input', () => setView({ search: search.value }));
  const element = h(
    'div',
    { class: 'prediction-head' },
    h('div', { class: 'filter-line' }, h('h2', {}, 'Predictions'), chips.element),
    h('div', { class: 'filter-line' }, sorting.element, search, legend.element),
  );
  return {
    element,
    setCounts: (next) => {
      counts = next;
      last?.();
    },
    update: ({ metrics }, { filter, search: wanted }, metric) => {
      if (document.activeElement !== search && search.value !== wanted) search.value = wanted;
      const shown = ROW_FILTERS.filter((each) => metric !== undefined || !NEEDS_SCORES.includes(each));
      last = () =>
        chips.render(JSON.stringify([filter, shown, counts]), () =>
          shown.map((each) => chip(each, each === filter, counts?.[each], () => setView({ filter: each }))),
        );
      last();
      sorting.render(JSON.stringify([metrics, metric?.id]), () =>
        metric === undefined
          ? []
          : [h('label', { class: 'caption', for: 'metric' }, 'By'), select(metrics, metric, setView)],
      );
      legend.render(`${filter}${metric?.title}`, () => [
        `${orderText(filter, metric)} · `,
        h('mark', { class: 'extra' }, 'not in the reference'),
        ' · ',
        h('mark', { class: 'missing' }, 'missing from the tuned answer'),
      ]);
    },
  };
}

const NEEDS_SCORES: readonly RowFilter[] = ['worst', 'best', 'regressions'];
/** They hold every row: their number says nothing. */
const ORDERS: readonly RowFilter[] = ['worst', 'best'];

function chip(filter: RowFilter, on: boolean, count: number | undefined, onPress: () => void): HTMLElement {
  const element = h(
    'button',
    { type: 'button', class: 'chip', 'aria-pressed': String(on), 'data-key': `filter-${filter}` },
    on && icon('check', 'small'),
    WORDS[filter],
    !ORDERS.includes(filter) && count !== undefined && h('span', { class: 'count' }, countText(count)),
  );
  element.addEventListener('click', onPress);
  return element;
}

function select(
  metrics: readonly RowMetric[],
  chosen: RowMetric,
  setView: (change: Partial<EvaluationView>) => void,
): HTMLElement {
  const options = metrics.map(({ id, title }) => h('option', { value: id, selected: id === chosen.id }, title));
  const element = h('select', { id: 'metric', class: 'select', 'data-key': 'metric' }, ...options);
  element.addEventListener('change', () => setView({ metric: element.value }));
  return element;
}

function orderText(filter: RowFilter, metric: RowMetric | undefined): string {
  if (!metric || filter === 'all' || filter === 'refusals') return 'in the order of the file';
  const order = {
    worst: 'the worst answers of the tuned model first',
    best: 'the best answers of the tuned model first',
    changed: 'the largest gain first',
    regressions: 'the largest loss first',
  }[filter];
  return order;
}
