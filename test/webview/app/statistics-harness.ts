/**
 * Stands for VS Code around the page of dataset statistics: the page API, and the numbers of an invented file. The
 * address says which: `?scene=report&theme=dark`.
 */
import { createRandom } from '../../../src/common/random';
import { chat } from '../../../src/dataset/formats/chat';
import type { DatasetReport, ReportedIssue } from '../../../src/dataset/report';
import { StatisticsBuilder } from '../../../src/dataset/statistics';
import { createRpc } from '../../../src/webview/rpc';
import type {
  StatisticsAction,
  StatisticsHostNotices,
  StatisticsPageRequests,
  StatisticsState,
} from '../../../src/webview/statistics-protocol';

declare global {
  interface Window {
    acquireVsCodeApi: () => unknown;
    statistics: { readonly actions: StatisticsAction[] };
  }
}

const query = new URLSearchParams(location.search);
const theme = query.get('theme') ?? 'dark';
const scene = query.get('scene') ?? 'report';
document.body.className = { dark: 'vscode-dark', light: 'vscode-light', hc: 'vscode-high-contrast' }[theme] ?? '';

const NAME = 'support-tickets.jsonl';
const MAX_LENGTH = 1024;
const ISSUES: readonly (readonly [string, string, ReportedIssue['severity'], number, number])[] = [
  ['missing-field', 'Required field is missing', 'error', 2, 17],
  ['near-duplicate', 'Record is nearly the same as another', 'warning', 561, 311],
  ['too-many-tokens', 'Record is longer than the maximum length', 'warning', 42, 3],
  ['conflicting-answers', 'Same prompt, different answers', 'warning', 14, 40],
  ['personal-data', 'Personal data in the text', 'warning', 11, 77],
  ['refusal', 'Answers refuse', 'information', 1, 50],
  ['surrounding-space', 'White space at the end of a text', 'hint', 3, 9],
];

function report(kind: string): DatasetReport {
  const counted = kind !== 'untokenised';
  const builder = new StatisticsBuilder({
    isRefusal: (text) => text.startsWith('Sorry'),
    countTokens: counted ? (text) => Math.ceil(text.length / 4) : undefined,
    maxLength: MAX_LENGTH,
    estimate: kind === 'estimate',
  });
  const random = createRandom(3);
  for (let i = 0; i < 6249; i++) {
    const spread = Math.sqrt(-2 * Math.log(Math.max(1e-6, random.next()))) * Math.cos(2 * Math.PI * random.next());
    const total = Math.round(Math.exp(5.5 + (kind === 'clean' ? 0.3 : 0.55) * spread));
    const messages = [
      { role: 'system', content: 'x'.repeat(148) },
      { role: 'user', content: 'x'.repeat(total * 2) },
      { role: 'assistant', content: `${i % 50 === 0 ? 'Sorry' : ''}${'x'.repeat(Math.round(total * 1.2))}` },
    ];
    const lost = Math.max(0, total - MAX_LENGTH);
    const tokens = { total, trained: Math.round(total * 0.31), lost, lostTrained: Math.min(200, lost) };
    builder.addLine();
    builder.addRecord(chat.turns({ messages }), counted ? tokens : undefined);
  }
  const issues = ISSUES.map(([rule, title, severity, count, firstLine]) => ({
    rule,
    title,
    severity,
    count,
    firstLine,
  }));
  return {
    path: `/home/ann/support/${NAME}`,
    name: NAME,
    bytes: 9_412_345,
    statistics: builder.result('chat'),
    issues: kind === 'clean' ? [] : issues,
    vocabulary: counted ? (kind === 'estimate' ? "OpenAI's o200k vocabulary" : 'Qwen2.5-0.5B-Instruct') : null,
    invalidRecords: kind === 'clean' ? 0 : 2,
  };
}

function stateOf(kind: string): StatisticsState {
  if (kind === 'working') return { kind: 'working', name: NAME, doneBytes: 4e6, totalBytes: 9.4e6 };
  if (kind === 'failed') {
    const message = `${NAME} was changed while it was read.`;
    return { kind: 'failed', name: NAME, message, hint: 'Wait until nothing writes to it, then read it again.' };
  }
  return { kind: 'report', report: report(kind) };
}

const state = stateOf(scene);
const actions: StatisticsAction[] = [];
type None = Readonly<Record<never, never>>;
const rpc = createRpc<None, StatisticsHostNotices, StatisticsPageRequests, None>({
  post: (message) => window.postMessage(message, '*'),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  timeoutMs: 10_000,
  notices: {},
  requests: {
    ready: () => state,
    act: (action) => {
      actions.push(action);
      return null;
    },
  },
});
window.statistics = { actions };
let saved: unknown = JSON.parse(query.get('state') ?? 'null');
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => void Promise.resolve().then(() => rpc.receive(structuredClone(message))),
  getState: () => saved,
  setState: (next: unknown) => (saved = next),
});
