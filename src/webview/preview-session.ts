import type { Preview } from '../dataset/preview';
import type {
  PreviewAction,
  PreviewHostNotices,
  PreviewPageRequests,
  PreviewState,
  RecordPlace,
} from './preview-protocol';
import { createRpc } from './rpc';

/** What the preview needs from the editor. Errors that are thrown here are shown on the page. */
export interface PreviewHost {
  /** The record on the line, or nothing when the file is closed. @param line 1-based */
  locate(uri: string, line: number): RecordPlace | undefined;
  /** Line of the record before or after a line, 1-based. */
  neighbour(uri: string, line: number, by: -1 | 1): number | undefined;
  /** The next record that is cut off, 1-based. */
  nextCut(place: RecordPlace): Promise<{ readonly line: number | undefined; readonly uncounted: number }>;
  preview(place: RecordPlace): Promise<Preview>;
  /** Puts the cursor there. With `focus` the editor gets the keyboard, too. */
  reveal(place: RecordPlace, focus: boolean): Promise<void>;
  copyText(text: string): Promise<void>;
}

export interface PreviewSessionOptions {
  readonly host: PreviewHost;
  readonly post: (message: unknown) => void;
  readonly after: (milliseconds: number, run: () => void) => () => void;
  /** Told of every state, for the panel's title. */
  readonly onState?: (state: PreviewState) => void;
}

/** The host's end of one page: it shows one record at a time, always the one that was asked for last. */
export interface PreviewSession {
  receive(message: unknown): void;
  /** Shows the record on a line (1-based) after a moment of quiet; a moving cursor asks for many. */
  show(uri: string, line: number): void;
  /** Shows the present record anew: its file or the settings have changed. */
  refresh(): void;
  readonly place: RecordPlace | null;
  dispose(): void;
}

const QUIET_MS = 80;
/** A page that has nothing yet need not wait. */
const AT_ONCE_MS = 0;

export function createPreviewSession({ host, post, after, onState }: PreviewSessionOptions): PreviewSession {
  let state: PreviewState = { place: null, preview: null, failure: null, loading: false };
  let wanted: { readonly uri: string; readonly line: number } | undefined;
  let question = 0;
  let cancel = (): void => undefined;

  const rpc = createRpc<Record<never, never>, PreviewHostNotices, PreviewPageRequests, Record<never, never>>({
    post,
    after,
    timeoutMs: 15_000,
    notices: {},
    requests: { ready: () => state, act: (action) => act(action) },
  });

  const setState = (next: PreviewState): void => {
    state = next;
    onState?.(state);
    rpc.notify('state', state);
  };

  const load = async (): Promise<void> => {
    const own = ++question;
    const place = wanted && host.locate(wanted.uri, wanted.line);
    if (!place) {
      setState({ ...state, loading: false });
      return;
    }
    const slow = after(QUIET_MS * 3, () => own === question && setState({ ...state, loading: true }));
    try {
      const preview = await host.preview(place);
      if (own === question) setState({ place, preview, failure: null, loading: false });
    } catch (error) {
      if (own === question) setState({ place, preview: null, failure: describe(error), loading: false });
    } finally {
      slow();
    }
  };

  const schedule = (milliseconds: number): void => {
    cancel();
    cancel = after(milliseconds, () => void load());
  };

  const goTo = async (uri: string, line: number): Promise<void> => {
    wanted = { uri, line };
    schedule(AT_ONCE_MS);
    const place = host.locate(uri, line);
    if (place) await host.reveal(place, false);
  };

  const act = async (action: PreviewAction): Promise<string> => {
    const { place } = state;
    switch (action.type) {
      case 'move': {
        // Pressed twice in a row: counted from the record that is on its way.
        const from = wanted ?? place;
        const line = from ? host.neighbour(from.uri, from.line, action.by) : undefined;
        if (from && line !== undefined) await goTo(from.uri, line);
        return '';
      }
      case 'nextCut': {
        if (!place) return '';
        const { line, uncounted } = await host.nextCut(place);
        if (line !== undefined) await goTo(place.uri, line);
        else if (uncounted === 0) return 'No other record of this file is cut off.';
        else
          return `No other record is known to be cut off; ${uncounted.toLocaleString('en-US')} are still to be counted.`;
        return '';
      }
      case 'reveal':
        if (place) await host.reveal(place, true);
        return '';
      case 'copy':
        await host.copyText(action.text);
        return 'Copied.';
      default:
        return action satisfies never;
    }
  };

  return {
    receive: (message) => rpc.receive(message),
    show: (uri, line) => {
      if (wanted?.uri === uri && wanted.line === line) return;
      wanted = { uri, line };
      schedule(state.place === null ? AT_ONCE_MS : QUIET_MS);
    },
    refresh: () => schedule(QUIET_MS),
    get place() {
      return state.place;
    },
    dispose: () => {
      cancel();
      question++;
      rpc.close();
    },
  };
}

function describe(error: unknown): { message: string; hint: string } {
  const hint: unknown = typeof error === 'object' && error !== null && 'hint' in error ? error.hint : '';
  return {
    message: error instanceof Error ? error.message : String(error),
    hint: typeof hint === 'string' ? hint : '',
  };
}
