/** What the page of an evaluation and the extension tell each other, over the same pair of ends as the dashboard. */
import type { EvaluationReport, MetricResult, PredictionRow } from '../evaluation/report';

/** The page asks. */
export type EvaluationPageRequests = {
  /** The first question of a page, also of one that was hidden and is built anew. */
  readonly ready: { readonly params: null; readonly result: EvaluationState };
  readonly rows: { readonly params: RowQuery; readonly result: RowPage };
  readonly act: { readonly params: EvaluationAction; readonly result: null };
};

/** The extension tells. */
export type EvaluationHostNotices = { readonly state: EvaluationState };

export type EvaluationState =
  | {
      readonly kind: 'working';
      readonly name: string;
      /** What is being done. */
      readonly words: string;
      readonly done: number;
      /** 0 where nobody knows. */
      readonly total: number;
    }
  /** `edition` is another one whenever the files were read again. */
  | {
      readonly kind: 'report';
      readonly edition: number;
      readonly report: EvaluationReport;
      readonly predictions: PredictionFacts | null;
    }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly hint: string };

export interface PredictionFacts {
  readonly rows: number;
  /** Lines of the file that are no prediction. */
  readonly unreadable: number;
  /** Scores that rows can be sorted by. */
  readonly metrics: readonly RowMetric[];
}

export type RowMetric = Pick<MetricResult, 'id' | 'title' | 'unit'> & { readonly higherIsBetter: boolean };

/** In the order in which they are offered. */
export const ROW_FILTERS = ['changed', 'worst', 'best', 'regressions', 'refusals', 'all'] as const;
export type RowFilter = (typeof ROW_FILTERS)[number];

export interface RowQuery {
  readonly filter: RowFilter;
  /** Id of the metric that decides what is worst, best and a regression; `null` where rows have no scores. */
  readonly metric: string | null;
  /** Only rows in whose texts this stands, in any case; empty: all. */
  readonly search: string;
  readonly from: number;
  readonly count: number;
}

export interface RowPage {
  readonly rows: readonly PredictionRow[];
  /** Rows that the query fits. */
  readonly total: number;
  /** Rows of each filter, whatever is searched for. */
  readonly counts: Readonly<Record<RowFilter, number>>;
}

export type EvaluationAction =
  | { readonly type: 'refresh' }
  | { readonly type: 'cancel' }
  | { readonly type: 'copyMarkdown' }
  | { readonly type: 'export' }
  /** Shows a record in the data file. @param line 1-based */
  | { readonly type: 'showLine'; readonly line: number };
