import type { TrainerEvent } from '../training/protocol';
import { SETTING_KEYS, SETTINGS, type SettingSpec } from '../training/settings';
import {
  DASHBOARD_PROTOCOL_VERSION,
  isLive,
  packEvents,
  type Action,
  type DashboardState,
  type HostNotices,
  type HostRequests,
  type PageNotices,
  type PageRequests,
  type ReadyParams,
  type RunSummary,
  type SettingInfo,
} from './protocol';
import { createRpc, type Rpc } from './rpc';

export interface Disposable {
  dispose(): void;
}

/** What the dashboard needs from the workbench. Errors that are thrown here are shown in the dashboard. */
export interface DashboardHost {
  /** Newest first. */
  listRuns(): Promise<readonly RunSummary[]>;
  /** Calls back when a run appears, ends or changes its state. */
  onRunsChanged(listener: () => void): Disposable;
  /** Sends the run's whole log from its first event, then what is appended, in any size of batch. */
  watchRun(run: string, onEvents: (events: readonly TrainerEvent[]) => void): Disposable;
  readonly actions: DashboardActions;
}

/** Each resolves when the action was accepted (the editor opened, the stop request written), not when its work is over. */
export interface DashboardActions {
  /** Starts the command "Fine-tune: Train". Nobody waits for it, and it shows its own errors. */
  train(): Promise<void>;
  stop(run: string): Promise<void>;
  pause(run: string): Promise<void>;
  continue(run: string): Promise<void>;
  /** Shows a folder in the system's file manager or in the explorer. */
  openFolder(path: string): Promise<void>;
  openLog(run: string): Promise<void>;
  /** Opens the settings that the run was made with. */
  openSettings(run: string): Promise<void>;
  copyText(text: string): Promise<void>;
  /** Starts the command for the trained model of a run; as with `train`, nobody waits for it. */
  useModel(run: string, use: 'evaluate' | 'export' | 'chat'): Promise<void>;
  /** Shows an evaluation's report. */
  openEvaluation(path: string): Promise<void>;
}

export interface SessionOptions {
  readonly host: DashboardHost;
  readonly post: (message: unknown) => void;
  readonly after: (milliseconds: number, run: () => void) => () => void;
  /** Told of errors that no request can carry. */
  readonly onError: (error: unknown) => void;
}

/** The host's end of one page: answers its requests and keeps it told of one run. Dispose it with the page. */
export interface DashboardSession extends Disposable {
  receive(message: unknown): void;
}

/** Events in one message: small enough for the first one to be painted while the next is on its way. */
const CHUNK = 20_000;

export function createSession(options: SessionOptions): DashboardSession {
  const { host } = options;
  let stopWatching = (): void => undefined;
  let disposed = false;

  const rpc: Rpc<HostRequests, HostNotices> = createRpc<HostRequests, HostNotices, PageRequests, PageNotices>({
    post: options.post,
    after: options.after,
    timeoutMs: 15_000,
    notices: {},
    requests: { ready: (params) => ready(params), act: (action) => act(host.actions, action, options.onError) },
  });

  let question = 0;
  const ready = async (params: ReadyParams): Promise<DashboardState> => {
    stopWatching();
    const own = ++question;
    const runs = await host.listRuns();
    const run = chooseRun(runs, params.run);
    // The page may have been closed, or may have asked again, while the list was read. The watch begins after the
    // reply is on its way: before it the page would not know the run that the events belong to.
    if (run !== null && !disposed && own === question)
      stopWatching = options.after(0, () => {
        const watch = follow(run, run === params.run ? params.have : 0);
        stopWatching = () => watch.dispose();
      });
    return { version: DASHBOARD_PROTOCOL_VERSION, runs, run, settings: settingInfos() };
  };

  const follow = (run: string, have: number): Disposable => {
    let position = 0;
    return host.watchRun(run, (events) => {
      const skip = Math.min(events.length, Math.max(0, have - position));
      for (let i = skip; i < events.length; i += CHUNK) {
        const items = packEvents(events.slice(i, i + CHUNK));
        rpc.notify('events', { run, from: position + i, items });
      }
      position += events.length;
    });
  };

  const changes = host.onRunsChanged(() => {
    host.listRuns().then((runs) => rpc.notify('runs', runs), options.onError);
  });

  return {
    receive: (message) => rpc.receive(message),
    dispose: () => {
      disposed = true;
      stopWatching();
      changes.dispose();
      rpc.close();
    },
  };
}

/** The run that was asked for, else the one that trains, else the newest. */
export function chooseRun(runs: readonly RunSummary[], wanted: string | null): string | null {
  const found = runs.find((summary) => summary.run === wanted) ?? runs.find(({ state }) => isLive(state)) ?? runs[0];
  return found?.run ?? null;
}

async function act(actions: DashboardActions, action: Action, onError: (error: unknown) => void): Promise<null> {
  switch (action.type) {
    case 'train':
      // The command asks its questions for as long as the user likes, and shows its own errors.
      actions.train().catch(onError);
      return null;
    case 'stop':
    case 'pause':
    case 'continue':
      await actions[action.type](action.run);
      return null;
    case 'openFolder':
      await actions.openFolder(action.path);
      return null;
    case 'openLog':
      await actions.openLog(action.run);
      return null;
    case 'evaluate':
    case 'export':
    case 'chat':
      actions.useModel(action.run, action.type).catch(onError);
      return null;
    case 'openEvaluation':
      await actions.openEvaluation(action.path);
      return null;
    case 'openSettings':
      await actions.openSettings(action.run);
      return null;
    case 'copy':
      await actions.copyText(action.text);
      return null;
    default:
      return action satisfies never;
  }
}

function settingInfos(): SettingInfo[] {
  return SETTING_KEYS.map((key) => {
    const spec: SettingSpec = SETTINGS[key];
    const plain = Array.isArray(spec.default)
      ? spec.default.join(', ') || 'none'
      : spec.default === null
        ? ''
        : `${spec.default}`;
    const automatic = spec.automatic !== undefined || key === 'device' || key === 'memory';
    return { key, help: spec.help, default: spec.automatic ?? plain, automatic };
  });
}
