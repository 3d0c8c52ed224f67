import { ROW_FILTERS, type RowFilter } from '../../evaluation-protocol';

/** What the user chose; kept when the page is hidden and made anew. */
export interface EvaluationView {
  readonly filter: RowFilter;
  /** Id of the metric of single rows; `null`: what says most of those that they have. */
  readonly metric: string | null;
  readonly search: string;
  /** Benchmarks whose subjects are shown. */
  readonly subjects: readonly string[];
}

const FIRST_VIEW: EvaluationView = { filter: 'changed', metric: null, search: '', subjects: [] };

export function savedView(saved: unknown): EvaluationView {
  if (typeof saved !== 'object' || saved === null) return FIRST_VIEW;
  const { filter, metric, search, subjects } = saved as Partial<Record<keyof EvaluationView, unknown>>;
  return {
    filter: ROW_FILTERS.find((known) => known === filter) ?? FIRST_VIEW.filter,
    metric: typeof metric === 'string' ? metric : null,
    search: typeof search === 'string' ? search : '',
    subjects: Array.isArray(subjects) ? subjects.filter((name) => typeof name === 'string') : [],
  };
}
