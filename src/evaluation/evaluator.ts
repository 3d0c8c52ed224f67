/** Base and tuned model compared: on the rows of the data, and in benchmarks. */
import { mkdirSync } from 'node:fs';
import type { Engine } from '../training/engines/engine';
import { writeFailure } from '../training/weights/files';
import { buildReport } from './build-report';
import { type RowWork, evaluateRows } from './evaluate-rows';
import type { Sampling } from './generation/generator';
import type { OpenedGenerator } from './generation/open-generator';
import type { Side } from './journal';
import type { MetricInfo } from './metrics/table';
import type { BenchmarkResult, EvaluationReport } from './report';
import { type EvaluationFiles, writeReport } from './report-files';
import type { EvaluationData } from './rows';
import type { Rules } from './scorer';
import type { Subject, Subjects } from './subject';

export interface EvaluationPlan {
  readonly subjects: Subjects;
  readonly sides: readonly Side[];
  /** Last step of the training whose result is looked at. */
  readonly step: number | null;
  /** Missing where only benchmarks are run. */
  readonly data?: EvaluationData | undefined;
  readonly metrics: readonly MetricInfo[];
  readonly rules: Rules;
  readonly sampling: Sampling;
  /** Answers are written to a seeded sample of at most so many rows. */
  readonly answerLimit: number;
  readonly seed: number;
  /** What the reader must know before all that the evaluation finds out. */
  readonly notes: readonly string[];
}

export interface EvaluationTools {
  readonly files: EvaluationFiles;
  /** For likelihoods. */
  readonly engine: () => Engine;
  readonly memory: 'fast' | 'low';
  readonly openGenerator: (subject: Subject) => Promise<OpenedGenerator>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EvaluationProgress) => void;
}

export interface EvaluationProgress {
  readonly phase: 'likelihoods' | 'answers' | 'benchmark';
  readonly side: Side;
  readonly done: number;
  readonly total: number;
}

/** A benchmark that was run, to be part of the report. */
export interface BenchmarkPart {
  readonly result: BenchmarkResult;
  readonly seconds: number;
  readonly notes: readonly string[];
}

/**
 * Evaluates, and writes report and predictions. What is done is kept in a journal: the same evaluation goes on there.
 * @returns undefined where the signal was aborted
 * @throws Failure of the models, the data and the disk
 */
export async function evaluate(
  plan: EvaluationPlan,
  tools: EvaluationTools,
  benchmarks: readonly BenchmarkPart[] = [],
): Promise<EvaluationReport | undefined> {
  const began = performance.now();
  makeFolder(tools.files.folder);
  const { data } = plan;
  let work: RowWork | undefined;
  if (data) {
    work = await evaluateRows({ ...plan, data }, tools);
    if (!work) return undefined;
  }
  const { report, rows } = buildReport({
    plan,
    work,
    name: tools.files.name,
    seconds: benchmarks.reduce((sum, { seconds }) => sum + seconds, (performance.now() - began) / 1000),
    benchmarks,
  });
  writeReport(tools.files, report, rows);
  work?.journal.remove();
  return report;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeFailure(error, folder, 0);
  }
}
