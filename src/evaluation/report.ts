/**
 * What an evaluation leaves in the run folder: `evaluation/<name>.json` (an `EvaluationReport`), `<name>.md`, and
 * `<name>.predictions.jsonl` (a `PredictionRow` a line); of a benchmark `<name>.<benchmark>.jsonl`, an answer a line. Pure
 * types: terminal, dashboard and service read the same.
 */
import type { Interval } from './metrics/bootstrap';

export const REPORT_VERSION = 1;

export interface EvaluationReport {
  readonly version: typeof REPORT_VERSION;
  /** Also the name of its files. */
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Name of the run, of the adapter or of the model. */
  readonly subject: string;
  /** Absolute path of the run folder. */
  readonly run: string | null;
  /** Last step of the training whose result was looked at. */
  readonly step: number | null;
  readonly base: ModelFacts;
  readonly tuned: ModelFacts | null;
  readonly data: DataFacts | null;
  readonly generation: GenerationFacts | null;
  readonly metrics: readonly MetricResult[];
  readonly benchmarks: readonly BenchmarkResult[];
  readonly resampling: { readonly samples: number; readonly seed: number; readonly level: number };
  readonly seconds: number;
  /** What the reader must know, for example rows that were left out and why. */
  readonly notes: readonly string[];
}

export interface ModelFacts {
  readonly name: string;
  readonly path: string;
  /** sha256 of the base weights. */
  readonly hash: string;
  readonly adapter: string | null;
  /** How the base is kept, for example `float32` or `NF4`. */
  readonly weights: string;
}

export interface DataFacts {
  readonly path: string;
  readonly sha256: string;
  readonly format: string;
  /** Rows in the file, and those that were evaluated. */
  readonly rows: number;
  readonly evaluated: number;
}

export interface GenerationFacts {
  readonly engine: 'llama.cpp' | 'onnxruntime';
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly repeatPenalty: number;
  readonly seed: number;
}

/** `null` where there is no number (no row, or one that is not finite). */
export interface MetricResult {
  /** Of `METRICS`, or `answer_tokens`. */
  readonly id: string;
  readonly title: string;
  readonly unit: 'share' | 'points' | 'none' | 'tokens';
  /** `null`: neither is better. */
  readonly higherIsBetter: boolean | null;
  readonly base: ScoredSide;
  readonly tuned: ScoredSide | null;
  /** Tuned less base. */
  readonly difference: {
    readonly value: number | null;
    readonly interval: Interval | null;
    readonly pValue: number | null;
  } | null;
  /** What the number depends on, for example sacreBLEU's signature. */
  readonly signature?: string;
  /** Of the answer lengths: tokens of the references. */
  readonly reference?: number;
}

export interface ScoredSide {
  readonly value: number | null;
  readonly interval: Interval | null;
}

export interface BenchmarkResult {
  /** For example `mmlu`. */
  readonly id: string;
  readonly title: string;
  /** Where its questions were read. */
  readonly path: string;
  readonly method: 'log-likelihood' | 'generate';
  /** Examples in the prompt. */
  readonly shots: number;
  readonly questions: number;
  /** Share of right answers, every question with the same weight. */
  readonly overall: Omit<MetricResult, 'id' | 'title'>;
  /** lm-eval's `acc_stderr`: pooled over the subjects. */
  readonly standardError: BothSides;
  readonly subjects: readonly BenchmarkSubject[];
  /** Of MMLU: stem, humanities, social sciences, other; each over the questions of its subjects. */
  readonly groups: readonly BenchmarkSubject[];
  /** Generated answers that name no choice; they count as wrong. `null` where none could be. */
  readonly unanswered: BothSides | null;
  /** Questions whose prompt was longer than the context: its beginning was cut off. */
  readonly cut: number;
  /** Other scores of the same answers, for example F1 of texts. */
  readonly others: readonly MetricResult[];
}

/** A number of each model; `null` where it was not asked or there is none. */
export interface BothSides {
  readonly base: number | null;
  readonly tuned: number | null;
}

/** Shares of right answers, and their standard errors as lm-eval has them. */
export interface BenchmarkSubject extends BothSides {
  readonly name: string;
  readonly questions: number;
  readonly standardError: BothSides;
}

/** One row of the data, with what both models wrote. */
export interface PredictionRow {
  /** 1-based line in the data file. */
  readonly line: number;
  /** The last message before the answer; the text itself where the record is no conversation. */
  readonly prompt: string;
  readonly reference: string;
  readonly base: Prediction | null;
  readonly tuned: Prediction | null;
}

export interface Prediction {
  /** Missing where nothing was generated. */
  readonly text?: string;
  readonly tokens?: number;
  readonly finish?: 'stop' | 'length';
  /** Mean negative log-likelihood of the trained tokens. */
  readonly loss?: number;
  /** Values of single rows by metric id, for sorting and filters. */
  readonly scores: Readonly<Record<string, number>>;
}
