/**
 * What the dashboard's page and the extension host say to each other. The page asks `ready` when it loads and each
 * time it becomes visible again (a hidden page receives nothing), renders from the reply, and then hears `events`.
 * Trainer events are those of the run folder's log, in its order.
 */
import type { MetricsEvent, TrainerEvent } from '../training/protocol';

export const DASHBOARD_PROTOCOL_VERSION = 1;

/** `interrupted`: the log has no last event and no trainer lives, for example after a power cut. */
export type RunState = 'running' | 'paused' | 'completed' | 'stopped' | 'failed' | 'interrupted';

/** Whether a trainer is at work, or waits. */
export function isLive(state: RunState | undefined): boolean {
  return state === 'running' || state === 'paused';
}

export interface RunSummary {
  /** Absolute path of the run folder; it identifies the run. */
  readonly run: string;
  readonly name: string;
  readonly state: RunState;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly step: number;
  readonly totalSteps: number;
  /** Lowest validation loss so far, nats a token. */
  readonly validationLoss: number | null;
}

/** A row of the settings table: what it means and what it is when nobody changes it. */
export interface SettingInfo {
  readonly key: string;
  readonly help: string;
  /** Text of the default; for an automatic one, how it is found. */
  readonly default: string;
  /** The default depends on the run, so a number does not mean that the user changed it. */
  readonly automatic: boolean;
}

export interface ReadyParams {
  readonly version: number;
  /** The run the user looked at last; `null` lets the host choose the running or the newest one. */
  readonly run: string | null;
  /** Number of events of that run which the page already holds; only later ones are sent. */
  readonly have: number;
}
export interface DashboardState {
  readonly version: number;
  readonly runs: readonly RunSummary[];
  readonly run: string | null;
  readonly settings: readonly SettingInfo[];
}

export type Action =
  | { readonly type: 'train' }
  | { readonly type: 'stop' | 'pause' | 'continue'; readonly run: string }
  /** A folder inside the run, or the adapter's folder. */
  | { readonly type: 'openFolder'; readonly path: string }
  | { readonly type: 'openLog'; readonly run: string }
  | { readonly type: 'evaluate'; readonly run: string }
  | { readonly type: 'export'; readonly run: string }
  | { readonly type: 'chat'; readonly run: string }
  /** Shows the report of this path. */
  | { readonly type: 'openEvaluation'; readonly path: string }
  | { readonly type: 'openSettings'; readonly run: string }
  | { readonly type: 'copy'; readonly text: string };

/** Requests of the page. A reply to `act` means that the action was accepted, not that its work is over. */
export type PageRequests = {
  readonly ready: { readonly params: ReadyParams; readonly result: DashboardState };
  readonly act: { readonly params: Action; readonly result: null };
};

/** Notices of the host. */
export type HostNotices = {
  readonly runs: readonly RunSummary[];
  readonly events: EventBatch;
};

export type HostRequests = Record<never, never>;
export type PageNotices = Record<never, never>;

/** A stretch of a run's log. */
export interface EventBatch {
  readonly run: string;
  /** Position of the first event in the log; a page that holds another number of events asks `ready` again. */
  readonly from: number;
  readonly items: readonly EventItem[];
}
/** Neighbouring steps travel as columns: a tenth of the bytes of objects, and no garbage for 100,000 of them. */
export type EventItem = Exclude<TrainerEvent, MetricsEvent> | MetricColumns;

export const METRIC_COLUMNS = [
  'step',
  'epoch',
  'loss',
  'learningRate',
  'gradientNorm',
  'tokensPerSecond',
  'trainedTokens',
  'memoryBytes',
  'deviceMemoryBytes',
  'deviceUtilization',
  'secondsLeft',
  'rewardChosen',
  'rewardRejected',
  'rewardMargin',
  'rewardAccuracy',
] as const satisfies readonly (keyof MetricsEvent | RewardColumn)[];
/** `rewards` of preference training; NaN in other runs. */
type RewardColumn = 'rewardChosen' | 'rewardRejected' | 'rewardMargin' | 'rewardAccuracy';
export type MetricColumn = (typeof METRIC_COLUMNS)[number];

/** All columns have the same length; NaN stands for `null`. `time` is in milliseconds since 1970. */
export type MetricColumns = { readonly type: 'columns'; readonly time: Float64Array } & {
  readonly [K in MetricColumn]: Float64Array;
};

/** Number of log events that an item stands for. */
export function eventCount(item: EventItem): number {
  return item.type === 'columns' ? item.step.length : 1;
}

/** Puts neighbouring metrics into columns; everything else stays as it is, in order. */
export function packEvents(events: readonly TrainerEvent[]): EventItem[] {
  const items: EventItem[] = [];
  for (let i = 0; i < events.length;) {
    const event = events[i]!;
    if (event.type !== 'metrics') {
      items.push(event);
      i++;
      continue;
    }
    let end = i;
    while (events[end]?.type === 'metrics') end++;
    items.push(packMetrics(events.slice(i, end) as MetricsEvent[]));
    i = end;
  }
  return items;
}

function packMetrics(events: readonly MetricsEvent[]): MetricColumns {
  const column = (): Float64Array => new Float64Array(events.length);
  const columns: MetricColumns = {
    type: 'columns',
    time: column(),
    step: column(),
    epoch: column(),
    loss: column(),
    learningRate: column(),
    gradientNorm: column(),
    tokensPerSecond: column(),
    trainedTokens: column(),
    memoryBytes: column(),
    deviceMemoryBytes: column(),
    deviceUtilization: column(),
    secondsLeft: column(),
    rewardChosen: column(),
    rewardRejected: column(),
    rewardMargin: column(),
    rewardAccuracy: column(),
  };
  // One plain pass: Float64Array.from, or a pass for each column, takes several times as long.
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    columns.time[i] = Date.parse(event.time);
    columns.step[i] = event.step;
    columns.epoch[i] = event.epoch;
    columns.loss[i] = event.loss ?? NaN;
    columns.learningRate[i] = event.learningRate;
    columns.gradientNorm[i] = event.gradientNorm ?? NaN;
    columns.tokensPerSecond[i] = event.tokensPerSecond;
    columns.trainedTokens[i] = event.trainedTokens;
    columns.memoryBytes[i] = event.memoryBytes;
    columns.deviceMemoryBytes[i] = event.deviceMemoryBytes ?? NaN;
    columns.deviceUtilization[i] = event.deviceUtilization ?? NaN;
    columns.secondsLeft[i] = event.secondsLeft;
    columns.rewardChosen[i] = event.rewards?.chosen ?? NaN;
    columns.rewardRejected[i] = event.rewards?.rejected ?? NaN;
    columns.rewardMargin[i] = event.rewards?.margins ?? NaN;
    columns.rewardAccuracy[i] = event.rewards?.accuracies ?? NaN;
  }
  return columns;
}
