/**
 * Stands for VS Code around the dashboard's page: the page API, a session of the real host side, and runs from
 * invented logs. The address says which: `?scene=live&theme=dark`.
 */
import { createSession, type DashboardHost } from '../../../src/webview/session';
import type { RunSummary } from '../../../src/webview/protocol';
import type { TrainerEvent } from '../../../src/training/protocol';
import { answeringRun } from '../answering-run';
import { preferenceRun, runFolder, SAMPLE_START, sampleRun, type SampleOptions } from '../sample-runs';

interface Scene {
  readonly events: readonly TrainerEvent[];
  readonly state: RunSummary['state'];
}

declare global {
  interface Window {
    acquireVsCodeApi: () => unknown;
    harness: { readonly actions: unknown[]; readonly startedAt: number; paints: Record<string, number> };
  }
}

const query = new URLSearchParams(location.search);
const theme = query.get('theme') ?? 'dark';
document.body.className = { dark: 'vscode-dark', light: 'vscode-light', hc: 'vscode-high-contrast' }[theme] ?? '';

const BASE: SampleOptions = { steps: 1056, totalSteps: 1056, stepsPerEpoch: 352, evalSteps: 50, saveSteps: 100 };
const CUT_OFF = {
  code: 'answers-cut-off',
  message: '38 answers are cut off at 1,024 tokens.',
  hint: '2,214 trained tokens are lost (0.4 %). Raise max_length to 1,312 to keep all of them.',
};
const DUPLICATES = {
  code: 'duplicate-examples',
  message: '12 examples are duplicates.',
  hint: 'They count twice in the loss. The dataset check lists them.',
};

/** Logs end now, so that the clock of a live run fits. */
function sample(options: SampleOptions, make = sampleRun): TrainerEvent[] {
  const first = make(options);
  const shift = Date.now() - Date.parse(first[first.length - 1]!.time);
  return make({ ...options, startTime: (options.startTime ?? SAMPLE_START) + shift });
}

function sceneOf(name: string): Scene | undefined {
  switch (name) {
    case 'empty':
      return undefined;
    case 'live':
      return { state: 'running', events: sample({ ...BASE, steps: 412, warnings: [CUT_OFF] }) };
    case 'paused': {
      const events = sample({ ...BASE, steps: 412 });
      return {
        state: 'paused',
        events: [...events, { v: 1, time: new Date().toISOString(), type: 'paused', step: 412 }],
      };
    }
    case 'early': {
      const events = sample({ ...BASE, steps: 600, ending: 'completed' });
      return {
        state: 'completed',
        events: events.map((e) => (e.type === 'completed' ? { ...e, stoppedEarly: true } : e)),
      };
    }
    case 'late':
      return { state: 'running', events: sample({ ...BASE, steps: 884, warnings: [CUT_OFF, DUPLICATES] }) };
    case 'starting': {
      const begin = sample({ ...BASE, steps: 0 }).slice(0, 4);
      const progress = { v: 1, time: new Date().toISOString(), type: 'progress', phase: 'tokenize' } as const;
      return { state: 'running', events: [...begin, { ...progress, done: 1204, total: 5624, unit: 'examples' }] };
    }
    case 'preference':
      return { state: 'running', events: sample({ ...BASE, steps: 412 }, preferenceRun) };
    case 'preference-completed':
      return { state: 'completed', events: sample({ ...BASE, ending: 'completed' }, preferenceRun) };
    case 'answers':
      return { state: 'running', events: sample({ ...BASE, steps: 812 }, answeringRun) };
    case 'answers-first':
      return { state: 'running', events: sample({ ...BASE, steps: 40 }, answeringRun) };
    case 'evaluated':
      return { state: 'completed', events: [...sample({ ...BASE, ending: 'completed' }), ...evaluations()] };
    case 'first':
      return { state: 'running', events: sample({ ...BASE, steps: 3 }) };
    case 'short':
      return {
        state: 'completed',
        events: sample({
          ...BASE,
          steps: 60,
          totalSteps: 60,
          stepsPerEpoch: 20,
          evalSteps: 6,
          saveSteps: 6,
          ending: 'completed',
        }),
      };
    case 'failed':
      return {
        state: 'failed',
        events: sample({ ...BASE, steps: 207, learningRate: 5e-3, divergesAt: 165, saveSteps: 50, ending: 'failed' }),
      };
    case 'failed-early': {
      const begin = sample({ ...BASE, steps: 0 }).slice(0, 2);
      const failed = { v: 1, time: new Date().toISOString(), type: 'failed', exitCode: 2 } as const;
      return {
        state: 'failed',
        events: [
          ...begin,
          {
            ...failed,
            code: 'weights-truncated',
            message: 'model.safetensors is shorter than its header says: 268,435,456 of 269,060,552 bytes.',
            hint: 'The download was probably cut off. Fetch the file again.',
          },
        ],
      };
    }
    case 'stopped':
      return { state: 'stopped', events: sample({ ...BASE, steps: 600, ending: 'stopped' }) };
    case 'interrupted':
      return { state: 'interrupted', events: sample({ ...BASE, steps: 530 }) };
    case 'huge':
      return {
        state: 'running',
        events: sample({
          ...BASE,
          steps: 100_000,
          totalSteps: 120_000,
          stepsPerEpoch: 12_000,
          evalSteps: 1000,
          saveSteps: 1000,
          secondsPerStep: 0.4,
        }),
      };
    default:
      return { state: 'completed', events: sample({ ...BASE, ending: 'completed', warnings: [CUT_OFF] }) };
  }
}

function evaluations(): TrainerEvent[] {
  const head = { v: 1, time: new Date().toISOString(), type: 'evaluated' } as const;
  const report = (name: string): string => `/home/ann/.finetune/runs/support-bot/evaluation/${name}.json`;
  return [
    {
      ...head,
      name: 'validation',
      report: report('validation'),
      base: { perplexity: 8.41, token_accuracy: 0.566, f1: 0.412 },
      tuned: { perplexity: 2.99, token_accuracy: 0.724, f1: 0.684 },
    },
    { ...head, name: 'mmlu', report: report('mmlu'), base: { mmlu: 0.476 }, tuned: { mmlu: 0.471 } },
  ];
}

function summary(
  name: string,
  state: RunSummary['state'],
  step: number,
  loss: number | null,
  daysAgo: number,
): RunSummary {
  const startedAt = new Date(Date.now() - daysAgo * 86_400_000 - 3_600_000).toISOString();
  return { run: runFolder(name), name, state, startedAt, step, totalSteps: 1056, validationLoss: loss };
}

const sceneName = query.get('scene') ?? 'live';
const current = sceneOf(sceneName);
const others = query.has('only')
  ? []
  : [
      summary('support-bot-r8', 'completed', 1056, 1.118, 1),
      summary('support-bot-hot', 'failed', 207, 1.372, 1.2),
      summary('tickets-in-german-with-a-rather-long-name', 'stopped', 640, 1.241, 3),
    ];
const runs = current ? [summary('support-bot', current.state, 412, 1.101, 0), ...others] : [];
const actions: unknown[] = [];
const record =
  (name: string) =>
  (...values: readonly unknown[]): Promise<void> => {
    actions.push([name, ...values]);
    return query.has('broken')
      ? Promise.reject(new Error('The trainer does not answer on its control socket.'))
      : Promise.resolve();
  };

const host: DashboardHost = {
  listRuns: () => Promise.resolve(runs),
  onRunsChanged: () => ({ dispose: () => undefined }),
  watchRun: (_run, onEvents) => {
    if (current) onEvents(current.events);
    return { dispose: () => undefined };
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

const session = createSession({
  host,
  post: (message) => window.postMessage(message, '*'),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  onError: (error) => console.error(error),
});

window.harness = { actions, startedAt: performance.now(), paints: {} };
let state: unknown = JSON.parse(query.get('state') ?? 'null');
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => void Promise.resolve().then(() => session.receive(structuredClone(message))),
  getState: () => state,
  setState: (next: unknown) => (state = next),
});

/** Notes when the chart is first seen and when it holds the last step. */
function watchPaint(): void {
  const text = document.querySelector('.section-head .caption')?.textContent ?? '';
  const { paints, startedAt } = window.harness;
  if (text !== '' && document.querySelector('.chart canvas')) {
    paints['first'] ??= performance.now() - startedAt;
    if (text.includes('100,000')) paints['complete'] ??= performance.now() - startedAt;
  }
  if (paints['complete'] === undefined) requestAnimationFrame(watchPaint);
}
watchPaint();
