/** From answers to the numbers of a benchmark. */
import { meanOf, tally } from '../metrics/metric';
import type { ResampleOptions } from '../metrics/bootstrap';
import { squadExactMatch, squadF1 } from '../metrics/squad';
import type { BenchmarkResult, BenchmarkSubject, BothSides, MetricResult } from '../report';
import { compareSides } from '../scorer';
import type { GivenAnswer } from './answer-log';
import type { Benchmark } from './benchmark';
import { MMLU_GROUPS } from './mmlu-subjects';
import type { Question } from './question';
import { readChoice } from './read-choice';

/** An answer and what it is worth. */
export interface Scored {
  /** 1 or 0. */
  readonly right: number;
  /** Of texts: what they have in common with the right one. */
  readonly f1: number | undefined;
  readonly answered: boolean;
  readonly cut: boolean;
}

export function scoreAnswer({ choices, answer }: Question, given: GivenAnswer): Scored {
  const cut = given.cut === true;
  const { text = '', logProbabilities } = given;
  if (typeof answer !== 'number') {
    const row = { prediction: text, references: answer };
    const [right, f1] = [squadExactMatch, squadF1].map((metric) => metric.score(metric.count(row)));
    return { right: right!, f1, answered: true, cut };
  }
  const choice = logProbabilities ? likeliest(logProbabilities) : readChoice(text, choices);
  return { right: choice === answer ? 1 : 0, f1: undefined, answered: choice !== undefined, cut };
}

/** The first of the highest. */
function likeliest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

export interface ScoredSubject {
  readonly name: string;
  /** In the same order; of a side that was not asked, nothing. */
  readonly base: readonly Scored[];
  readonly tuned: readonly Scored[];
}

export function resultOf(
  benchmark: Benchmark,
  scored: readonly ScoredSubject[],
  resampling: ResampleOptions,
): BenchmarkResult {
  const { id, title, path, method, shots } = benchmark;
  const both = { base: scored.flatMap(({ base }) => base), tuned: scored.flatMap(({ tuned }) => tuned) };
  const mean = (value: (one: Scored) => number) =>
    compareSides((rows: readonly Scored[]) => tally(meanOf(value), rows), both, resampling);
  const share = { unit: 'share', higherIsBetter: true } as const;
  const f1: MetricResult = { id: 'f1', title: 'Token F1', ...share, ...mean((one) => one.f1 ?? 0) };
  const groups = [...MMLU_GROUPS].map(([name, subjects]) => ({
    name,
    of: scored.filter((one) => subjects.has(one.name)),
  }));
  const couldFail = method === 'generate' && id !== 'qa';
  return {
    id,
    title,
    path,
    method,
    shots,
    questions: scored.reduce((sum, subject) => sum + questionsOf(subject), 0),
    overall: { ...share, ...mean(({ right }) => right) },
    standardError: errorsOf(scored),
    subjects: scored.map((subject) => summaryOf(subject.name, [subject])),
    groups: id === 'mmlu' ? groups.flatMap(({ name, of }) => (of.length > 0 ? [summaryOf(name, of)] : [])) : [],
    unanswered: couldFail ? perSide(both, (rows) => rows.filter(({ answered }) => !answered).length) : null,
    cut: Math.max(...Object.values(both).map((rows) => rows.filter(({ cut }) => cut).length)),
    others: id === 'qa' ? [f1] : [],
  };
}

function questionsOf({ base, tuned }: ScoredSubject): number {
  return Math.max(base.length, tuned.length);
}

function summaryOf(name: string, subjects: readonly ScoredSubject[]): BenchmarkSubject {
  const both = { base: subjects.flatMap(({ base }) => base), tuned: subjects.flatMap(({ tuned }) => tuned) };
  return {
    name,
    questions: subjects.reduce((sum, subject) => sum + questionsOf(subject), 0),
    ...perSide(both, accuracyOf),
    standardError: errorsOf(subjects),
  };
}

function accuracyOf(rows: readonly Scored[]): number {
  return rows.reduce((sum, { right }) => sum + right, 0) / rows.length;
}

/**
 * lm-eval's `pooled_sample_stderr` of the subjects' `mean_stderr`: √(Σ (n − 1) n s² / (Σ n − subjects) / Σ n), where s² is
 * p (1 − p) / (n − 1). None where a subject has only one question.
 */
function errorsOf(subjects: readonly ScoredSubject[]): BothSides {
  const errorOf = (parts: readonly (readonly Scored[])[]): number | null => {
    if (parts.some(({ length }) => length < 2)) return null;
    const questions = parts.reduce((sum, { length }) => sum + length, 0);
    const squares = parts.reduce((sum, rows) => sum + rows.length * accuracyOf(rows) * (1 - accuracyOf(rows)), 0);
    return Math.sqrt(squares / (questions - parts.length) / questions);
  };
  return { base: errorOf(subjects.map(({ base }) => base)), tuned: errorOf(subjects.map(({ tuned }) => tuned)) };
}

function perSide(
  both: { readonly base: readonly Scored[]; readonly tuned: readonly Scored[] },
  value: (rows: readonly Scored[]) => number,
): BothSides {
  const of = (rows: readonly Scored[]): number | null => (rows.length > 0 ? value(rows) : null);
  return { base: of(both.base), tuned: of(both.tuned) };
}
