import type {
  EvaluationAction,
  EvaluationHostNotices,
  EvaluationPageRequests,
  EvaluationState,
} from '../../evaluation-protocol';
import { createRpc, RpcError } from '../../rpc';
import type { PageApi } from '../app';
import { button, registerComponents } from '../components';
import { h, icon, part } from '../dom';
import { countText } from '../format';
import { reportHead } from './head';
import { metricSections } from './metrics';
import { createPredictions } from './predictions';
import { savedView, type EvaluationView } from './view';

type None = Readonly<Record<never, never>>;

/** Draws an evaluation into `root` and keeps it up to date. */
export function startEvaluation(api: PageApi, root: HTMLElement): void {
  registerComponents();
  let view = savedView(api.getState());
  let state: EvaluationState | undefined;
  let problem: string | undefined;
  root.className = 'page evaluation';

  const rpc = createRpc<EvaluationPageRequests, None, None, EvaluationHostNotices>({
    post: (sent) => api.postMessage(sent),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    timeoutMs: 60_000,
    requests: {},
    notices: {
      state: (next) => {
        state = next;
        problem = undefined;
        draw();
      },
    },
  });
  const fail = (error: unknown): void => {
    const words = error instanceof RpcError ? [error.message, error.hint] : [String(error)];
    problem = words.filter((text) => text !== '').join(' ');
    draw();
  };
  const act = (action: EvaluationAction): void => {
    problem = undefined;
    rpc.ask('act', action).catch(fail);
    draw();
  };
  const setView = (change: Partial<EvaluationView>): void => {
    view = { ...view, ...change };
    api.setState(view);
    draw();
  };

  const trouble = part('div', { class: 'trouble' });
  const top = part('div', { class: 'stacked' });
  const predictions = createPredictions({ act, setView, rows: (query) => rpc.ask('rows', query), fail });
  root.replaceChildren(trouble.element, top.element, predictions.element);

  const draw = (): void => {
    trouble.render(problem ?? '', () => (problem === undefined ? [] : [message(problem, '')]));
    const width = Math.max(280, top.element.clientWidth || root.clientWidth - 48);
    const { subjects } = view;
    top.render(JSON.stringify([state, subjects, width]), () => (state ? content(state, width) : []));
    predictions.update(state?.kind === 'report' ? state : undefined, view);
  };
  const content = (shown: EvaluationState, width: number): HTMLElement[] => {
    if (shown.kind === 'working') return working(shown);
    if (shown.kind === 'report') {
      const commands = { act, setView };
      return [
        ...reportHead(shown.report, shown.predictions, act),
        ...metricSections(shown.report, view, width, commands),
      ];
    }
    const again = button({
      label: 'Try again',
      icon: 'refresh',
      key: 'refresh',
      onPress: () => act({ type: 'refresh' }),
    });
    return [h('h1', {}, shown.name), message(shown.message, shown.hint), h('div', {}, again)];
  };
  const working = ({ name, words, done, total }: EvaluationState & { readonly kind: 'working' }): HTMLElement[] => {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const fill = h('i');
    fill.style.setProperty('width', `${share * 100}%`);
    const count = total > 0 ? `: ${countText(done)} of ${countText(total)}` : ' …';
    return [
      h('h1', {}, name),
      h('p', { class: 'muted', role: 'status' }, `${words}${count}`),
      ...(total > 0 ? [h('div', { class: 'progress' }, fill)] : []),
      h('div', {}, button({ label: 'Cancel', icon: 'close', key: 'cancel', onPress: () => act({ type: 'cancel' }) })),
    ];
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => rpc.receive(event.data));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') ask();
  });
  new ResizeObserver(draw).observe(root);
  /** A page that was hidden has heard nothing meanwhile. */
  const ask = (): void => {
    rpc.ask('ready', null).then((next) => {
      state = next;
      draw();
    }, fail);
  };
  ask();
}

function message(text: string, hint: string): HTMLElement {
  const words = h('div', {}, text, hint === '' ? undefined : h('div', { class: 'more' }, hint));
  return h('div', { class: 'message bad', role: 'alert' }, icon('error', 'bad'), words);
}
