/**
 * What the label preview's page and the extension host say to each other. The page asks `ready` when it loads and each
 * time it becomes visible again (a hidden page receives nothing), and then hears `state` whenever another record, or
 * the same one after an edit, is to be shown.
 */
import type { Preview } from '../dataset/preview';

/** Where a record stands. */
export interface RecordPlace {
  readonly uri: string;
  /** Name of the file. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, of the lines that are not blank; 0 for a blank line. */
  readonly record: number;
  readonly records: number;
}

export interface PreviewState {
  /** `null` until a record was chosen. */
  readonly place: RecordPlace | null;
  readonly preview: Preview | null;
  /** Why there is no preview: the server did not answer, or the base model cannot be read. */
  readonly failure: { readonly message: string; readonly hint: string } | null;
  /** Another record is on its way. */
  readonly loading: boolean;
}

export type PreviewAction =
  /** Shows the record before or after this one; the cursor in the editor goes along. */
  | { readonly type: 'move'; readonly by: -1 | 1 }
  /** Shows the next record that the maximum length of training cuts. */
  | { readonly type: 'nextCut' }
  /** Puts the cursor on the record in the editor. */
  | { readonly type: 'reveal' }
  | { readonly type: 'copy'; readonly text: string };

/** Requests of the page. The reply to `act` is what there is to say about it, mostly nothing. */
export type PreviewPageRequests = {
  readonly ready: { readonly params: null; readonly result: PreviewState };
  readonly act: { readonly params: PreviewAction; readonly result: string };
};

/** Notices of the host. */
export type PreviewHostNotices = { readonly state: PreviewState };
