import type { Preview } from '../../../dataset/preview';
import { withMaxLength } from '../../../dataset/preview-tokens';
import type { PreviewHostNotices, PreviewPageRequests, PreviewState } from '../../preview-protocol';
import { createRpc, RpcError } from '../../rpc';
import type { PageApi } from '../app';
import { linkButton, registerComponents } from '../components';
import { h, icon, part } from '../dom';
import { createPreviewHeader } from './header';
import type { PreviewCommands, PreviewPart, PreviewScene, PreviewView } from './scene';
import { createSummary } from './summary';
import { createTurns } from './turns';

const FIRST_VIEW: PreviewView = { side: 'chosen', ids: false, borders: false, maxLength: null };

/** Draws the label preview into `root` and keeps it up to date. */
export function startPreview(api: PageApi, root: HTMLElement): void {
  registerComponents();
  let view: PreviewView = { ...FIRST_VIEW, ...savedView(api.getState()) };
  let state: PreviewState = { place: null, preview: null, failure: null, loading: true };
  let problem: string | undefined;
  let said = '';
  let cut: { readonly from: Preview; readonly at: number; readonly preview: Preview } | undefined;

  const rpc = createRpc<PreviewPageRequests, Record<never, never>, Record<never, never>, PreviewHostNotices>({
    post: (message) => api.postMessage(message),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    timeoutMs: 20_000,
    requests: {},
    notices: { state: (next) => setState(next) },
  });

  const save = (): void => {
    const { place } = state;
    // The host reads the place when it brings the panel back after a restart.
    api.setState({ ...view, ...(place ? { uri: place.uri, line: place.line } : {}) });
  };
  const setState = (next: PreviewState): void => {
    // A length is tried out on one record after the other, but belongs to the file.
    if (next.place && state.place && next.place.uri !== state.place.uri) view = { ...view, maxLength: null };
    if (next.place?.line !== state.place?.line || next.place?.uri !== state.place?.uri) window.scrollTo(0, 0);
    state = next;
    if (!next.loading) [problem, said] = [undefined, ''];
    save();
    draw();
  };
  const fail = (error: unknown): void => {
    const hint = error instanceof RpcError ? error.hint : '';
    problem = [error instanceof Error ? error.message : String(error), hint].filter((text) => text !== '').join(' ');
    draw();
  };
  const commands: PreviewCommands = {
    act: (action) => {
      rpc.ask('act', action).then((words) => {
        [problem, said] = [undefined, words];
        draw();
      }, fail);
    },
    setView: (change) => {
      view = { ...view, ...change };
      save();
      draw();
    },
  };

  const turns = createTurns(commands);
  const parts: PreviewPart[] = [createPreviewHeader(commands), createNotice(commands), createSummary(commands), turns];
  root.replaceChildren(h('div', { class: 'page' }, ...parts.map((one) => one.element), turns.readout));

  /** The same preview gives the same object, so that what is drawn stays. */
  const cutAt = (from: Preview): Preview => {
    const at = view.maxLength ?? from.maxLength;
    if (cut?.from !== from || cut.at !== at) cut = { from, at, preview: withMaxLength(from, at) };
    return cut.preview;
  };
  const draw = (): void => {
    const shown = state.preview && cutAt(state.preview);
    const text = shown?.texts.find(({ name }) => name === view.side) ?? shown?.texts[0];
    const scene: PreviewScene = { state, shown, text, view, problem, said };
    for (const one of parts) one.update(scene);
  };
  const ask = (): void => {
    rpc.ask('ready', null).then(setState, fail);
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => rpc.receive(event.data));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') ask();
  });
  draw();
  ask();
}

/** What stands in place of a record that cannot be shown. */
function createNotice(commands: PreviewCommands): PreviewPart {
  const box = part('section', { class: 'notice' });
  return {
    element: box.element,
    update: ({ state: { place, preview, failure, loading }, text }) => {
      const why = failure ?? preview?.problem;
      box.render(JSON.stringify([place?.line, why, loading, text === undefined]), () => {
        if (why)
          return [
            h(
              'div',
              { class: 'message bad', role: 'alert' },
              icon('error', 'bad'),
              h('div', {}, h('p', {}, why.message), why.hint !== '' && h('p', { class: 'more' }, why.hint)),
            ),
            h(
              'p',
              { class: 'after' },
              linkButton('Go to the line', 'go', () => commands.act({ type: 'reveal' })),
            ),
          ];
        if (place !== null || loading) return [];
        return [
          h('p', {}, 'Put the cursor on a record of a JSONL file.'),
          h('p', { class: 'muted' }, 'Here you then see every token of it, and which ones the model is trained on.'),
        ];
      });
    },
  };
}

function savedView(saved: unknown): Partial<PreviewView> {
  if (typeof saved !== 'object' || saved === null) return {};
  const { side, ids, borders, maxLength } = saved as Partial<Record<keyof PreviewView, unknown>>;
  return {
    ...(side === 'chosen' || side === 'rejected' ? { side } : {}),
    ...(typeof ids === 'boolean' ? { ids } : {}),
    ...(typeof borders === 'boolean' ? { borders } : {}),
    ...(typeof maxLength === 'number' ? { maxLength } : {}),
  };
}
