import { readFile } from 'node:fs/promises';
import { Failure } from '../common/failure';
import { REPORT_VERSION, type EvaluationReport } from '../evaluation/report';
import type {
  EvaluationAction,
  EvaluationHostNotices,
  EvaluationPageRequests,
  EvaluationState,
  RowPage,
  RowQuery,
} from './evaluation-protocol';
import { indexPredictions, type PredictionIndex } from './prediction-index';
import { createRpc, type RpcOptions } from './rpc';

type None = Readonly<Record<never, never>>;
export type HostAction = Exclude<EvaluationAction, { readonly type: 'refresh' | 'cancel' }>;

export interface EvaluationSource {
  readonly name: string;
  /** Path of the report, at once or after it was made. Cancelling rejects. */
  report(signal: AbortSignal, onProgress: (words: string, done: number, total: number) => void): Promise<string>;
}

export interface EvaluationSessionOptions extends Pick<RpcOptions<None, None>, 'post' | 'after'> {
  readonly source: EvaluationSource;
  readonly act: (action: HostAction, reportPath: string, report: EvaluationReport) => Promise<void>;
}

/** The host's end of one page: makes or reads the report, and answers with pages of its predictions. */
export interface EvaluationSession {
  receive(message: unknown): void;
  read(): void;
  /** Lets go of the page. What is being made goes on. */
  dispose(): void;
}

interface Shown {
  readonly path: string;
  readonly report: EvaluationReport;
  readonly index: PredictionIndex | undefined;
}

export function createEvaluationSession({ source, act, post, after }: EvaluationSessionOptions): EvaluationSession {
  const { name } = source;
  let state: EvaluationState = { kind: 'working', name, words: 'Reading the report', done: 0, total: 0 };
  let shown: Shown | undefined;
  let work: AbortController | undefined;
  let edition = 0;

  const rpc = createRpc<None, EvaluationHostNotices, EvaluationPageRequests, None>({
    post,
    after,
    timeoutMs: 20_000,
    notices: {},
    requests: {
      ready: () => state,
      rows: (query) => rowsOf(shown?.index, query),
      act: async (action) => {
        if (action.type === 'refresh') read();
        else if (action.type === 'cancel') work?.abort();
        else if (shown) await act(action, shown.path, shown.report);
        return null;
      },
    },
  });

  const tell = (next: EvaluationState): void => {
    state = next;
    rpc.notify('state', state);
  };
  const read = (): void => {
    work?.abort();
    const own = new AbortController();
    work = own;
    const progress = (words: string, done: number, total: number): void => {
      if (work === own) tell({ kind: 'working', name, words, done, total });
    };
    progress('Reading the report', 0, 0);
    load(source, own.signal, progress).then(
      (next) => {
        if (work !== own) return;
        shown = next;
        tell({ kind: 'report', edition: ++edition, report: next.report, predictions: next.index?.facts ?? null });
      },
      (error: unknown) => {
        if (work === own) tell({ kind: 'failed', name, ...words(error) });
      },
    );
  };
  return { receive: (message) => rpc.receive(message), read, dispose: () => rpc.close() };
}

async function load(
  source: EvaluationSource,
  signal: AbortSignal,
  onProgress: (words: string, done: number, total: number) => void,
): Promise<Shown> {
  const path = await source.report(signal, onProgress);
  const report = await readReport(path);
  const predictions = path.replace(/\.json$/, '.predictions.jsonl');
  let told = 0;
  const index = await indexPredictions(predictions, report, (done) => {
    if (signal.aborted) throw new Failure('cancelled', 'Cancelled.', 'The report is kept; read it again.');
    if (done - told < 1e7) return;
    told = done;
    onProgress('Reading the predictions', done, 0);
  }).catch((error: unknown) => {
    // An evaluation on benchmarks alone has none.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return { path, report, index };
}

async function readReport(path: string): Promise<EvaluationReport> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('no-report', `The report cannot be read: ${why}.`, 'Evaluate the run again.');
  });
  const report = parse(text) as Partial<EvaluationReport> | undefined;
  if (report?.version !== REPORT_VERSION || !Array.isArray(report.metrics) || !Array.isArray(report.benchmarks))
    throw new Failure(
      'not-a-report',
      `${path} is not an evaluation report of this version.`,
      'Evaluate the run again, or name another file.',
    );
  return report as EvaluationReport;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function rowsOf(index: PredictionIndex | undefined, query: RowQuery): Promise<RowPage> {
  if (!index) throw new Failure('no-predictions', 'This report has no predictions.', '');
  return index.page(query);
}

function words(error: unknown): { readonly message: string; readonly hint: string } {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : '';
  return { message, hint };
}
