/** What the page of dataset statistics and the extension tell each other, over the same pair of ends as the dashboard. */
import type { DatasetReport } from '../dataset/report';

/** The page asks. */
export type StatisticsPageRequests = {
  /** The first question of a page, also of one that was hidden and is built anew. */
  readonly ready: { readonly params: null; readonly result: StatisticsState };
  readonly act: { readonly params: StatisticsAction; readonly result: null };
};

/** The extension tells. */
export type StatisticsHostNotices = { readonly state: StatisticsState };

export type StatisticsState =
  | { readonly kind: 'working'; readonly name: string; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'report'; readonly report: DatasetReport }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly hint: string };

export type StatisticsAction =
  | { readonly type: 'train' }
  | { readonly type: 'refresh' }
  | { readonly type: 'cancel' }
  /** Shows the first record with such a finding. */
  | { readonly type: 'showLine'; readonly line: number }
  | { readonly type: 'preview' };
