import {
  DASHBOARD_PROTOCOL_VERSION,
  isLive,
  type Action,
  type HostNotices,
  type HostRequests,
  type PageNotices,
  type PageRequests,
  type RunSummary,
  type SettingInfo,
} from '../protocol';
import { createRpc, RpcError } from '../rpc';
import type { StepRange } from './charts/loss-data';
import { onThemeChange, readTheme } from './charts/theme';
import { registerComponents } from './components';
import { h } from './dom';
import { applyBatch, createRunModel, stateOf, type RunModel } from './model';
import { createAnswers } from './parts/answers';
import { createCheckpoints } from './parts/checkpoints';
import { createEmpty } from './parts/empty';
import { createEnding } from './parts/ending';
import { createEvaluations } from './parts/evaluations';
import { createHeader } from './parts/header';
import { createLossSection } from './parts/loss-section';
import { createMinis } from './parts/minis';
import { createRuns } from './parts/runs';
import type { Commands, Request, Scene, ViewState } from './parts/scene';
import { createSettings } from './parts/settings';
import { createWarnings } from './parts/warnings';
import { savedView } from './saved-view';

/** What VS Code gives a page. */
export interface PageApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** Draws the dashboard into `root` and keeps it up to date. */
export function startApp(api: PageApi, root: HTMLElement): void {
  registerComponents();
  let view: ViewState = savedView(api.getState());
  let runs: readonly RunSummary[] = [];
  let settings: readonly SettingInfo[] = [];
  let model: RunModel | undefined;
  let crossStep: number | undefined;
  let zoom: StepRange | undefined;
  let asked: { readonly run: string; readonly request: Request } | undefined;
  let problem: string | undefined;
  let known = false;
  /** The run whose loss chart has been on the screen. */
  let painted: RunModel | undefined;
  let asking = false;
  let askAgain = false;

  const rpc = createRpc<PageRequests, PageNotices, HostRequests, HostNotices>({
    post: (message) => api.postMessage(message),
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    timeoutMs: 20_000,
    requests: {},
    notices: {
      runs: (list) => {
        const before = new Set(runs.map((summary) => summary.run));
        runs = list;
        const born = runs.find((summary) => isLive(summary.state) && !before.has(summary.run));
        // A run that has just begun is what the user wants to see, unless they watch another live one.
        const watching = isLive(runs.find((summary) => summary.run === model?.run)?.state);
        if (model === undefined || (born && !watching)) void ask(born?.run ?? null);
        schedule();
      },
      events: (batch) => {
        if (!model || batch.run !== model.run) return;
        if (!applyBatch(model, batch)) void ask(model.run);
        if (asked?.run === model.run && isAnswered(model, asked.request)) asked = undefined;
        schedule();
      },
    },
  });

  /** Asks for the state; while one question is open, a second one waits for its end. */
  const ask = async (run: string | null): Promise<void> => {
    if (asking) {
      askAgain = true;
      return;
    }
    asking = true;
    try {
      const have = model?.run === run ? model.have : 0;
      if (model?.run !== run && run !== null) show(run);
      const state = await rpc.ask('ready', { version: DASHBOARD_PROTOCOL_VERSION, run, have });
      known = true;
      problem = undefined;
      runs = state.runs;
      settings = state.settings;
      if (state.run === null) model = undefined;
      else if (model?.run !== state.run) show(state.run);
    } catch (error) {
      problem = sentence(error);
    } finally {
      asking = false;
    }
    schedule();
    if (askAgain) {
      askAgain = false;
      void ask(model?.run ?? null);
    }
  };

  const show = (run: string): void => {
    model = createRunModel(run);
    crossStep = undefined;
    zoom = undefined;
  };

  const act = (action: Action): void => {
    problem = undefined;
    const request = action.type === 'stop' || action.type === 'pause' || action.type === 'continue';
    if (request) asked = { run: action.run, request: action.type };
    rpc.ask('act', action).catch((error: unknown) => {
      // A request without an answer is on its way: the trainer looks for it between two steps.
      if (request && error instanceof RpcError && error.code === 'timeout') return;
      if (request) asked = undefined;
      problem = sentence(error);
      schedule();
    });
    schedule();
  };

  const commands: Commands = {
    act,
    setView: (change) => {
      view = { ...view, ...change };
      api.setState(view);
      schedule();
    },
    showRun: (run) => {
      commands.setView({ run });
      void ask(run);
    },
    setCross: (step) => {
      crossStep = step;
      schedule();
    },
    setZoom: (range) => {
      zoom = range;
      schedule();
    },
  };

  const runList = createRuns(commands);
  const lossSection = createLossSection(commands, readTheme());
  const minis = createMinis(commands, readTheme());
  const answers = createAnswers(commands, readTheme());
  const parts = [
    createHeader(commands, () => runList.toggle()),
    runList,
    createEnding(commands),
    createEvaluations(commands),
    createWarnings(),
    lossSection,
    minis,
    answers,
    createCheckpoints(commands),
    createSettings(commands),
  ];
  const page = h('div', { class: 'page' }, ...parts.map((part) => part.element));
  const empty = createEmpty(commands);
  page.hidden = true;
  empty.element.hidden = true;
  root.replaceChildren(page, empty.element);

  const draw = (): void => {
    empty.element.hidden = model !== undefined || !(known || problem !== undefined);
    page.hidden = model === undefined;
    if (!empty.element.hidden) empty.update(problem);
    if (!model) return;
    const scene = sceneOf(model);
    // When a run is opened, what lies below its loss chart comes a frame later.
    const opening = model.series.length > 0 && painted !== model;
    for (const part of opening ? parts.slice(0, parts.indexOf(minis)) : parts) part.update(scene);
    if (!opening) return;
    painted = model;
    schedule();
  };

  const sceneOf = (shown: RunModel): Scene => {
    const listed = runs.find((summary) => summary.run === shown.run);
    return {
      model: shown,
      listed,
      runs,
      settings,
      state: stateOf(shown, listed?.state),
      view,
      now: Date.now(),
      cross: crossStep === undefined ? -1 : shown.series.nearest(crossStep),
      zoom,
      asked: asked?.run === shown.run ? asked.request : undefined,
      problem,
    };
  };

  let scheduled = false;
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => rpc.receive(event.data));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void ask(model?.run ?? view.run);
  });
  onThemeChange(() => {
    const theme = readTheme();
    for (const drawn of [lossSection, minis, answers]) drawn.setTheme(theme);
  });
  // The elapsed time of a live run goes on between events.
  setInterval(() => {
    if (model && !model.final && document.visibilityState === 'visible') schedule();
  }, 1000);
  void ask(view.run);
}

/** Whether the log says what the request was for; a request to continue before the pause is answered by nothing. */
function isAnswered(model: RunModel, request: Request): boolean {
  if (model.final) return true;
  return request !== 'stop' && model.paused === (request === 'pause');
}

function sentence(error: unknown): string {
  if (!(error instanceof RpcError)) return error instanceof Error ? error.message : String(error);
  return [error.message, error.hint].filter((text) => text !== '').join(' ');
}
