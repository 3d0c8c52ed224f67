/**
 * Stands for VS Code around the page of an evaluation: the page API, and the numbers of an invented run. The address says
 * which: `?scene=report&theme=dark`.
 */
import type {
  BenchmarkResult,
  BenchmarkSubject,
  EvaluationReport,
  MetricResult,
  PredictionRow,
} from '../../../src/evaluation/report';
import type {
  EvaluationAction,
  EvaluationHostNotices,
  EvaluationPageRequests,
  EvaluationState,
  RowPage,
  RowQuery,
} from '../../../src/webview/evaluation-protocol';
import { createRpc } from '../../../src/webview/rpc';

declare global {
  interface Window {
    acquireVsCodeApi: () => unknown;
    evaluation: { readonly actions: EvaluationAction[]; readonly queries: RowQuery[] };
  }
}

const query = new URLSearchParams(location.search);
const theme = query.get('theme') ?? 'dark';
const scene = query.get('scene') ?? 'report';
document.body.className = { dark: 'vscode-dark', light: 'vscode-light', hc: 'vscode-high-contrast' }[theme] ?? '';

type Numbers = readonly [base: number, tuned: number, low: number, high: number];

function metric(
  id: string,
  title: string,
  unit: MetricResult['unit'],
  [base, tuned, low, high]: Numbers,
  more: Partial<MetricResult> = {},
): MetricResult {
  return {
    id,
    title,
    unit,
    higherIsBetter: true,
    base: { value: base, interval: null },
    tuned: { value: tuned, interval: null },
    difference: { value: tuned - base, interval: { low, high }, pValue: low > 0 || high < 0 ? 0.001 : 0.41 },
    ...more,
  };
}

const METRICS = [
  metric('perplexity', 'Perplexity', 'none', [8.41, 2.99, -5.63, -5.21], { higherIsBetter: false }),
  metric('token_accuracy', 'Token accuracy', 'share', [0.566, 0.724, 0.148, 0.168]),
  metric('exact_match', 'Exact match', 'share', [0.021, 0.314, 0.258, 0.328]),
  metric('f1', 'Token F1', 'share', [0.412, 0.684, 0.251, 0.293]),
  metric('bleu', 'BLEU', 'points', [9.8, 27.3, 15.3, 19.8], {
    signature: 'nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp',
  }),
  metric('rougeL', 'ROUGE-L', 'share', [0.318, 0.561, 0.224, 0.261]),
  metric('answer_tokens', 'Answer length', 'tokens', [141, 139, -7, 3], { higherIsBetter: null, reference: 138 }),
];
/** Nothing, very little, very much, and from nothing. */
const ODD_METRICS = [
  metric('perplexity', 'Perplexity', 'none', [2.9912, 2.9908, -0.0009, 0.0002], { higherIsBetter: false }),
  metric('exact_match', 'Exact match', 'share', [0, 0.314, 0.258, 0.328]),
  metric('f1', 'Token F1', 'share', [0.412, 0.384, -0.041, -0.015]),
  metric('bleu', 'BLEU', 'points', [0.8, 41.3, 35.3, 45.8]),
  metric('json_valid', 'Valid JSON', 'share', [0.02, 0.99, 0.95, 0.98]),
  metric('chrf', 'chrF', 'points', [31.2, 32.1, 0.2, 1.7]),
  metric('answer_tokens', 'Answer length', 'tokens', [141, 39, -107, -96], { higherIsBetter: null, reference: 138 }),
];

const SUBJECTS = ['abstract_algebra', 'anatomy', 'astronomy', 'college_biology', 'high_school_us_history', 'virology'];

const ERRORS = { base: 0.004, tuned: 0.004 };

function subject(name: string, questions: number, base: number, tuned: number): BenchmarkSubject {
  return { name, questions, base, tuned, standardError: ERRORS };
}

function mmlu(): BenchmarkResult {
  return {
    id: 'mmlu',
    title: 'MMLU',
    path: '/home/ann/mmlu',
    method: 'log-likelihood',
    shots: 5,
    questions: 14_042,
    overall: metric('mmlu', 'MMLU', 'share', [0.476, 0.471, -0.013, 0.004]),
    standardError: ERRORS,
    subjects: SUBJECTS.map((name, i) => subject(name, 100 + 17 * i, 0.3 + i / 20, 0.32 + i / 25)),
    groups: [subject('stem', 6000, 0.44, 0.43), subject('humanities', 8042, 0.5, 0.51)],
    unanswered: null,
    cut: 2,
    others: [],
  };
}

const FACTS = { hash: 'f'.repeat(64), adapter: null, weights: 'float32' };

function report(kind: string): EvaluationReport {
  const odd = kind === 'odd';
  return {
    version: 1,
    name: 'support-validation',
    created: '2026-11-24T18:00:00Z',
    subject: 'support-bot',
    run: '/home/ann/.finetune/runs/support-bot',
    step: 550,
    base: { ...FACTS, name: 'Qwen2.5-0.5B-Instruct', path: '/models/qwen', weights: odd ? 'NF4' : 'float32' },
    tuned: { ...FACTS, name: 'support-bot', path: '/home/ann/.finetune/runs/support-bot', adapter: 'adapter' },
    data: {
      path: '/home/ann/support-validation.jsonl',
      sha256: 'a'.repeat(64),
      format: 'chat',
      rows: odd ? 1000 : 625,
      evaluated: 625,
    },
    generation: {
      engine: 'llama.cpp',
      maxNewTokens: 256,
      temperature: odd ? 0.7 : 0,
      topP: odd ? 0.9 : 1,
      topK: 0,
      minP: 0,
      repeatPenalty: 1,
      seed: 1,
    },
    metrics: odd ? ODD_METRICS : METRICS,
    benchmarks: odd ? [] : [mmlu()],
    resampling: { samples: 1000, seed: 1, level: 0.95 },
    seconds: 192,
    notes: odd
      ? [
          '375 rows were left out: the answers were written for a sample of 625 (--limit).',
          '14 of the rows are in the training data, too: their numbers say little about new questions.',
        ]
      : [],
  };
}

const ROWS: PredictionRow[] = [
  row(
    1183,
    'My invoice shows the old company address. How do I change it?',
    'Open Settings, then Billing, then Company details, and edit the address. New invoices use it at once. For an invoice that was already sent, choose Reissue on that invoice.',
    'To change the address on your invoice, you should contact the customer service of the company that issued the invoice. They will be able to help you update your address and send you a new invoice.',
    'Open Settings, then Billing, then Company details, and change the address. New invoices use it at once. For an invoice that was already sent, choose Reissue on that invoice.',
    [0.21, 0.97],
  ),
  row(
    2047,
    'Can I export all tickets of last year as a spreadsheet?',
    'Yes. In Tickets, set the date filter to last year and choose Export, CSV. Exports over 10,000 tickets are sent to you by e-mail.',
    'I am sorry, but as an AI language model I cannot export tickets. Please check the documentation of your ticket system for the export function.',
    'Yes. In Tickets, set the date filter to last year and choose Export, CSV. Large exports are sent to you by e-mail within one hour.',
    [0.18, 0.86],
  ),
  row(
    774,
    'Why was I charged twice this month?',
    'One of the two is a reservation that your bank releases within five working days. If both are still there after that, send us the two booking numbers.',
    'There can be several reasons why you were charged twice this month, such as a billing error or a duplicate subscription. Please contact support with the two booking numbers.',
    'The second charge is for the seat you added on 3 May. Remove the seat under Billing to get the money back.',
    [0.31, 0.14],
  ),
  row(
    12,
    '{"id": 4711, "city": "Köln"}\nGive the city as JSON.',
    '{"city": "Köln"}',
    '',
    `${'{"city": "Köln"} '.repeat(90)}`,
    [0, 0.08],
    'length',
  ),
];

function row(
  line: number,
  prompt: string,
  reference: string,
  base: string,
  tuned: string,
  [before, after]: readonly [number, number],
  finish: 'stop' | 'length' = 'stop',
): PredictionRow {
  return {
    line,
    prompt,
    reference,
    base: { text: base, tokens: 40, finish: 'stop', loss: 2.31, scores: { f1: before } },
    tuned: { text: tuned, tokens: 40, finish, loss: 1.12, scores: { f1: after } },
  };
}

function page({ filter, from, count, search }: RowQuery): RowPage {
  const counts = { all: 625, worst: 625, best: 625, changed: 548, regressions: 41, refusals: 8 };
  const all = filter === 'regressions' ? ROWS.slice(2, 3) : ROWS;
  const found = all.filter(({ prompt }) => prompt.toLowerCase().includes(search));
  const total = search === '' ? counts[filter] : found.length;
  const rows = Array.from(
    { length: from === 0 ? found.length : Math.min(count, 5) },
    (_, i) => found[i % found.length]!,
  );
  return { rows, total, counts };
}

function stateOf(kind: string): EvaluationState {
  const name = 'support-bot';
  if (kind === 'working') return { kind: 'working', name, words: 'Writing answers', done: 180, total: 625 };
  if (kind === 'failed') {
    const message = 'The adapter was trained over another base model.';
    return { kind: 'failed', name, message, hint: 'Name the base that it was trained on with --model.' };
  }
  const f1 = { id: 'f1', title: 'Token F1', unit: 'share', higherIsBetter: true } as const;
  const loss = { id: 'loss', title: 'Loss', unit: 'none', higherIsBetter: false } as const;
  const predictions = { rows: 625, unreadable: kind === 'odd' ? 1 : 0, metrics: [f1, loss] };
  return { kind: 'report', edition: 1, report: report(kind), predictions };
}

const state = stateOf(scene);
const actions: EvaluationAction[] = [];
const queries: RowQuery[] = [];
type None = Readonly<Record<never, never>>;
const rpc = createRpc<None, EvaluationHostNotices, EvaluationPageRequests, None>({
  post: (message) => window.postMessage(message, '*'),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  timeoutMs: 10_000,
  notices: {},
  requests: {
    ready: () => state,
    rows: (asked) => {
      queries.push(asked);
      return page(asked);
    },
    act: (action) => {
      actions.push(action);
      return null;
    },
  },
});
window.evaluation = { actions, queries };
let saved: unknown = JSON.parse(query.get('state') ?? 'null');
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => void Promise.resolve().then(() => rpc.receive(structuredClone(message))),
  getState: () => saved,
  setState: (next: unknown) => (saved = next),
});
