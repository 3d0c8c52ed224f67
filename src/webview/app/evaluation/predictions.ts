import type {
  EvaluationAction,
  EvaluationState,
  PredictionFacts,
  RowMetric,
  RowPage,
  RowQuery,
} from '../../evaluation-protocol';
import { linkButton } from '../components';
import { h, part, setText } from '../dom';
import { countText } from '../format';
import { createFilters } from './filters';
import { predictionRow } from './prediction-row';
import type { EvaluationView } from './view';

const PAGE = 50;
const TYPING_MS = 250;

export interface PredictionCommands {
  act(action: EvaluationAction): void;
  setView(change: Partial<EvaluationView>): void;
  rows(query: RowQuery): Promise<RowPage>;
  fail(error: unknown): void;
}

type Report = EvaluationState & { readonly kind: 'report' };

export interface Predictions {
  readonly element: HTMLElement;
  /** `undefined`: there is no report at the moment. */
  update(state: Report | undefined, view: EvaluationView): void;
}

/** What both models wrote, row by row: fifty at a time, as the extension sends them. */
export function createPredictions(commands: PredictionCommands): Predictions {
  const filters = createFilters(commands.setView);
  const list = h('div', { class: 'rows' });
  const more = part('p', { class: 'row more-rows' });
  const status = h('p', { class: 'caption', role: 'status' });
  const element = h(
    'section',
    { class: 'panel predictions', 'aria-label': 'Predictions' },
    filters.element,
    list,
    status,
    more.element,
  );
  let asked = '';
  let question = 0;
  let loaded = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;

  const load = (query: RowQuery, metric: RowMetric | undefined): void => {
    const own = ++question;
    element.classList.toggle('waiting', query.from === 0);
    commands.rows(query).then(
      ({ rows, total, counts }) => {
        if (own !== question) return;
        element.classList.remove('waiting');
        const drawn = rows.map((row) => predictionRow(row, metric, commands.act));
        if (query.from === 0) list.replaceChildren(...drawn);
        else list.append(...drawn);
        loaded = query.from + rows.length;
        filters.setCounts(counts);
        setText(status, statusText(loaded, total, query.search));
        const next = (): void => load({ ...query, from: loaded }, metric);
        more.render(`${loaded < total}`, () =>
          loaded < total ? [linkButton(`Show ${PAGE} more`, 'more', () => next())] : [],
        );
      },
      (error: unknown) => {
        if (own !== question) return;
        element.classList.remove('waiting');
        commands.fail(error);
      },
    );
  };

  return {
    element,
    update: (state, view) => {
      const facts = state?.predictions;
      element.hidden = !facts;
      if (!state || !facts) return;
      const metric = chosenMetric(facts, view);
      filters.update(facts, view, metric);
      const query: RowQuery = {
        filter: view.filter,
        metric: metric?.id ?? null,
        search: view.search,
        from: 0,
        count: PAGE,
      };
      const key = JSON.stringify([state.edition, query]);
      if (key === asked) return;
      const typed =
        asked !== '' &&
        asked.replace(/"search":"(?:[^"\\]|\\.)*"/, '') === key.replace(/"search":"(?:[^"\\]|\\.)*"/, '');
      asked = key;
      more.render('', () => []);
      clearTimeout(typing);
      // The file is read through for each search: not for each letter of it.
      typing = setTimeout(() => load(query, metric), typed ? TYPING_MS : 0);
    },
  };
}

function chosenMetric({ metrics }: PredictionFacts, { metric }: EvaluationView): RowMetric | undefined {
  const first = metrics.find(({ id }) => id === 'f1') ?? metrics.find(({ id }) => !LIKELIHOODS.includes(id));
  return metrics.find(({ id }) => id === metric) ?? first ?? metrics[0];
}

/** They say little about what was written. */
const LIKELIHOODS = ['perplexity', 'token_accuracy', 'loss'];

function statusText(loaded: number, total: number, search: string): string {
  if (total > 0) return `${countText(loaded)} of ${countText(total)}`;
  return search === '' ? 'No row is like this.' : `No row holds “${search}”.`;
}
