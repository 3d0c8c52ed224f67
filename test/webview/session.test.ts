import { describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../src/training/protocol';
import { SETTING_KEYS } from '../../src/training/settings';
import {
  DASHBOARD_PROTOCOL_VERSION,
  eventCount,
  packEvents,
  type Action,
  type EventBatch,
  type HostNotices,
  type HostRequests,
  type PageNotices,
  type PageRequests,
  type RunSummary,
} from '../../src/webview/protocol';
import { createRpc, type Rpc } from '../../src/webview/rpc';
import { chooseRun, createSession, type DashboardHost, type DashboardSession } from '../../src/webview/session';
import { runFolder, sampleRun } from './sample-runs';

const RUN = runFolder('support-bot');
const EVENTS = sampleRun({
  steps: 30,
  totalSteps: 30,
  stepsPerEpoch: 10,
  evalSteps: 10,
  saveSteps: 10,
  ending: 'completed',
  warnings: [{ code: 'a', message: 'b', hint: 'c' }],
});
/** One event of every type, and one message of every kind around them. */
const EVERY_EVENT: readonly TrainerEvent[] = [
  ...EVENTS,
  { v: 1, time: '2026-11-24T12:00:00.000Z', type: 'progress', phase: 'tokenize', done: 1, total: 2, unit: 'examples' },
  { v: 1, time: '2026-11-24T12:00:00.000Z', type: 'stopped', step: 3, checkpoint: null, adapter: null },
  { v: 1, time: '2026-11-24T12:00:00.000Z', type: 'failed', code: 'x', message: 'm', hint: 'h', exitCode: 1 },
];

function summary(run: string, state: RunSummary['state']): RunSummary {
  return { run, name: run, state, startedAt: '2026-11-24T12:00:00Z', step: 1, totalSteps: 2, validationLoss: null };
}

interface World {
  readonly page: Rpc<PageRequests, PageNotices>;
  readonly session: DashboardSession;
  readonly batches: EventBatch[];
  readonly lists: (readonly RunSummary[])[];
  readonly calls: unknown[][];
  readonly watches: { run: string; send: (events: readonly TrainerEvent[]) => void; open: boolean }[];
  readonly errors: unknown[];
  readonly change: () => void;
}

/** The real host side and a page's end of the wire; messages are cloned as between processes. */
function world(runs: readonly RunSummary[], failing?: Error): World {
  const calls: unknown[][] = [];
  const record =
    (name: string) =>
    (...values: unknown[]): Promise<void> => {
      calls.push([name, ...values]);
      return failing ? Promise.reject(failing) : Promise.resolve();
    };
  const watches: World['watches'] = [];
  let listener: () => void = () => undefined;
  const host: DashboardHost = {
    listRuns: () => Promise.resolve(runs),
    onRunsChanged: (changed) => {
      listener = changed;
      return { dispose: () => (listener = () => undefined) };
    },
    watchRun: (run, onEvents) => {
      const watch = { run, send: onEvents, open: true };
      watches.push(watch);
      return { dispose: () => (watch.open = false) };
    },
    actions: {
      train: record('train'),
      stop: record('stop'),
      pause: record('pause'),
      continue: record('continue'),
      openFolder: record('openFolder'),
      openLog: record('openLog'),
      openSettings: record('openSettings'),
      copyText: record('copy'),
      useModel: record('useModel'),
      openEvaluation: record('openEvaluation'),
    },
  };
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms > 0) return () => undefined;
    const timer = setTimeout(run, 0);
    return () => clearTimeout(timer);
  };
  const errors: unknown[] = [];
  const session = createSession({
    host,
    post: (message) => page.receive(structuredClone(message)),
    after,
    onError: (error) => errors.push(error),
  });
  const batches: EventBatch[] = [];
  const lists: (readonly RunSummary[])[] = [];
  const page = createRpc<PageRequests, PageNotices, HostRequests, HostNotices>({
    post: (message) => session.receive(structuredClone(message)),
    requests: {},
    notices: { runs: (list) => lists.push(list), events: (batch) => batches.push(batch) },
    after,
    timeoutMs: 1000,
  });
  return { page, session, batches, lists, calls, watches, errors, change: () => listener() };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const READY = { version: DASHBOARD_PROTOCOL_VERSION, run: null, have: 0 } as const;

describe('createSession', () => {
  it('answers ready with the runs, the chosen run and every setting, then sends the log', async () => {
    const { page, batches, watches } = world([summary('old', 'completed'), summary(RUN, 'running')]);
    const state = await page.ask('ready', READY);
    expect(state.run).toBe(RUN);
    expect(state.settings.map((info) => info.key)).toEqual(SETTING_KEYS);
    expect(state.settings.find((info) => info.key === 'r')).toMatchObject({ default: '8', automatic: false });
    // The run has the device that "auto" became.
    expect(state.settings.find((info) => info.key === 'device')).toMatchObject({ default: 'auto', automatic: true });
    expect(state.settings.find((info) => info.key === 'learning_rate')).toMatchObject({ automatic: true });
    expect(watches).toHaveLength(0);
    await turn();
    watches[0]!.send(EVERY_EVENT);
    expect(batches).toEqual([{ run: RUN, from: 0, items: packEvents(EVERY_EVENT) }]);
    expect(new Set(EVERY_EVENT.map((event) => event.type)).size).toBe(10);
  });

  it('sends only what the page does not hold, however the log comes', async () => {
    const { page, batches, watches } = world([summary(RUN, 'running')]);
    await page.ask('ready', { ...READY, run: RUN, have: 7 });
    await turn();
    watches[0]!.send(EVENTS.slice(0, 5));
    watches[0]!.send(EVENTS.slice(5, 9));
    watches[0]!.send(EVENTS.slice(9));
    expect(batches.map((batch) => batch.from)).toEqual([7, 9]);
    expect(batches.flatMap((batch) => batch.items)).toEqual([
      ...packEvents(EVENTS.slice(7, 9)),
      ...packEvents(EVENTS.slice(9)),
    ]);
  });

  it('sends a log of 100,000 events in chunks that join on to each other', async () => {
    const { page, batches, watches } = world([summary(RUN, 'running')]);
    await page.ask('ready', READY);
    await turn();
    const events = sampleRun({
      steps: 100_000,
      totalSteps: 100_000,
      stepsPerEpoch: 1e4,
      evalSteps: 1e4,
      saveSteps: 1e4,
    });
    watches[0]!.send(events);
    expect(batches.length).toBeGreaterThan(4);
    let position = 0;
    for (const batch of batches) {
      expect(batch.from).toBe(position);
      position += batch.items.reduce((sum, item) => sum + eventCount(item), 0);
    }
    expect(position).toBe(events.length);
  });

  it('follows one run at a time', async () => {
    const { page, watches } = world([summary('a', 'completed'), summary('b', 'completed')]);
    await page.ask('ready', { ...READY, run: 'a' });
    await turn();
    await page.ask('ready', { ...READY, run: 'b' });
    await turn();
    expect(watches.map(({ run, open }) => ({ run, open }))).toEqual([
      { run: 'a', open: false },
      { run: 'b', open: true },
    ]);
  });

  it('passes each action to the workbench', async () => {
    const { page, calls } = world([]);
    const actions: readonly Action[] = [
      { type: 'train' },
      { type: 'stop', run: 'r' },
      { type: 'openFolder', path: 'p' },
      { type: 'openLog', run: 'r' },
      { type: 'openSettings', run: 'r' },
      { type: 'copy', text: 't' },
      { type: 'evaluate', run: 'r' },
      { type: 'export', run: 'r' },
      { type: 'chat', run: 'r' },
      { type: 'openEvaluation', path: 'p' },
    ];
    for (const action of actions) await expect(page.ask('act', action)).resolves.toBeNull();
    expect(calls).toEqual([
      ['train'],
      ['stop', 'r'],
      ['openFolder', 'p'],
      ['openLog', 'r'],
      ['openSettings', 'r'],
      ['copy', 't'],
      ['useModel', 'r', 'evaluate'],
      ['useModel', 'r', 'export'],
      ['useModel', 'r', 'chat'],
      ['openEvaluation', 'p'],
    ]);
  });

  it('tells the page why an action failed, but never waits for the train command', async () => {
    const { page, errors } = world([], new Error('no trainer'));
    await expect(page.ask('act', { type: 'stop', run: 'r' })).rejects.toMatchObject({ message: 'no trainer' });
    await expect(page.ask('act', { type: 'train' })).resolves.toBeNull();
    await turn();
    expect(errors).toHaveLength(1);
  });

  it('announces changed runs, and is silent after its end', async () => {
    const all = world([summary(RUN, 'running')]);
    await all.page.ask('ready', READY);
    await turn();
    all.change();
    await turn();
    expect(all.lists).toEqual([[summary(RUN, 'running')]]);
    all.session.dispose();
    expect(all.watches[0]!.open).toBe(false);
    all.watches[0]!.send(EVENTS);
    expect(all.batches).toHaveLength(0);
  });
});

describe('chooseRun', () => {
  it('takes the wanted run, else the running one, else the newest', () => {
    const runs = [summary('new', 'completed'), summary('live', 'running'), summary('old', 'failed')];
    expect(chooseRun(runs, 'old')).toBe('old');
    expect(chooseRun(runs, 'gone')).toBe('live');
    expect(chooseRun([runs[0]!, runs[2]!], null)).toBe('new');
    expect(chooseRun([], 'gone')).toBeNull();
  });
});

describe('packEvents', () => {
  it('keeps the order and turns null into NaN', () => {
    const [first, second] = EVENTS.filter((event) => event.type === 'metrics');
    const items = packEvents([EVENTS[0]!, first!, { ...second!, loss: null }, EVENTS[1]!, first!]);
    expect(items.map((item) => item.type)).toEqual(['started', 'columns', 'phase', 'columns']);
    const columns = items[1]!;
    if (columns.type !== 'columns') throw new Error('columns expected');
    expect([...columns.loss]).toEqual([first!.loss, NaN]);
    expect([...columns.step]).toEqual([1, 2]);
    expect(columns.time[0]).toBe(Date.parse(first!.time));
  });
});
