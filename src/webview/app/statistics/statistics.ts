import { createRpc, RpcError } from '../../rpc';
import type {
  StatisticsAction,
  StatisticsHostNotices,
  StatisticsPageRequests,
  StatisticsState,
} from '../../statistics-protocol';
import type { PageApi } from '../app';
import { button, registerComponents } from '../components';
import { h, icon, part } from '../dom';
import { reportPage, type ReportView } from './page';

type None = Readonly<Record<never, never>>;

/** Draws the statistics of one file into `root` and keeps them up to date. */
export function startStatistics(api: PageApi, root: HTMLElement): void {
  registerComponents();
  let view: ReportView = { table: savedTable(api.getState()) };
  let state: StatisticsState | undefined;
  let problem: string | undefined;
  root.className = 'page report';
  const body = part('div', { class: 'report-body' });
  root.append(body.element);

  const draw = (): void => {
    const width = Math.max(280, body.element.clientWidth);
    body.render(JSON.stringify([state, view, width, problem]), () => [
      problem !== undefined && message('bad', problem, ''),
      ...(state ? content(state, width) : []),
    ]);
  };
  const content = (shown: StatisticsState, width: number): HTMLElement[] => {
    if (shown.kind === 'report') return reportPage(shown.report, view, width, { act, setView });
    if (shown.kind === 'working') return working(shown);
    return [h('h1', {}, shown.name), message('bad', shown.message, shown.hint), retry()];
  };
  const working = ({ name, doneBytes, totalBytes }: StatisticsState & { readonly kind: 'working' }): HTMLElement[] => {
    const share = totalBytes > 0 ? Math.min(1, doneBytes / totalBytes) : 0;
    const fill = h('i');
    fill.style.setProperty('width', `${share * 100}%`);
    return [
      h('h1', {}, name),
      h('p', { class: 'muted', role: 'status' }, `Reading the file: ${Math.floor(share * 100)} %`),
      h('div', { class: 'progress' }, fill),
      h('div', {}, button({ label: 'Cancel', icon: 'close', key: 'cancel', onPress: () => act({ type: 'cancel' }) })),
    ];
  };
  const retry = (): HTMLElement =>
    h(
      'div',
      {},
      button({ label: 'Read again', icon: 'refresh', key: 'refresh', onPress: () => act({ type: 'refresh' }) }),
    );

  const rpc = createRpc<StatisticsPageRequests, None, None, StatisticsHostNotices>({
    post: (sent) => api.postMessage(sent),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    timeoutMs: 20_000,
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
    problem = error instanceof RpcError ? `${error.message} ${error.hint}`.trim() : String(error);
    draw();
  };
  const act = (action: StatisticsAction): void => {
    rpc.ask('act', action).catch(fail);
  };
  const setView = (next: ReportView): void => {
    view = next;
    api.setState(view);
    draw();
  };
  window.addEventListener('message', (event) => rpc.receive(event.data));
  new ResizeObserver(draw).observe(root);
  rpc.ask('ready', null).then((first) => {
    // A notice that came first is newer than the answer.
    state ??= first;
    draw();
  }, fail);
}

function message(kind: 'bad' | 'warn', text: string, hint: string): HTMLElement {
  const words = h('div', {}, text, hint === '' ? undefined : h('div', { class: 'more' }, hint));
  return h('div', { class: `message ${kind}`, role: 'alert' }, icon(kind === 'bad' ? 'error' : 'warning', kind), words);
}

function savedTable(saved: unknown): boolean {
  return typeof saved === 'object' && saved !== null && 'table' in saved && saved.table === true;
}
