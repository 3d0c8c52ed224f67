/** What the flags of `fine-tune evaluate` ask for. */
import { basename, extname, join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { metricsNamed, usualMetrics } from '../evaluation/choose-metrics';
import type { EvaluationPlan } from '../evaluation/evaluator';
import { type HeldOut, heldOutRows, trainedOnNotes } from '../evaluation/held-out';
import { type EvaluationFiles, evaluationFiles } from '../evaluation/report-files';
import { type EvaluationData, readEvaluationData } from '../evaluation/rows';
import type { Subjects } from '../evaluation/subject';
import { readEvents } from '../training/run-folder';
import type { Arguments } from './command';
import type { EvaluateChoices } from './evaluate';
import { numberFlag } from './number-flag';
import { rulesOf } from './rule-files';

const MAX_NEW_TOKENS = 256;
const ANSWERS = 200;
const MAX_LENGTH = 2048;
const CONTEXT_LENGTH = 4096;
const MOST = 1e9;

/** @throws Failure (exit code 2) of the flags and the data */
export function evaluationPlan(
  input: Arguments,
  choices: EvaluateChoices,
  subjects: Subjects,
  cwd: string,
): EvaluationPlan {
  const { run, tuned } = subjects;
  if (input.has('tuned-only') && !tuned)
    throw new Failure('usage', `${subjects.name} is no tuned model.`, 'Name a run or an adapter.', 2);
  const both = ['base', 'tuned'] as const;
  const seed = wholeFlag(input, 'seed', 42, 0);
  const limit = input.has('limit') ? wholeFlag(input, 'limit', 1, 1) : undefined;
  const rules = rulesOf(input, cwd);
  const named = input.all('metrics').flatMap((list) => list.split(',').map((id) => id.trim()));
  const metrics = input.has('metrics') ? metricsNamed(named.filter((id) => id !== '')) : undefined;
  const { data, notes } = dataOf(input, choices, subjects, { cwd, seed, limit });
  return {
    subjects,
    sides: tuned ? both.filter((side) => !input.has(side === 'base' ? 'tuned-only' : 'base-only')) : ['base'],
    step: run ? stepOf(run.path, input) : null,
    data,
    metrics: metrics ?? usualMetrics(data?.rows ?? [], rules),
    rules,
    sampling: {
      maxNewTokens: wholeFlag(input, 'max-new-tokens', MAX_NEW_TOKENS, 1),
      temperature: numberFlag(input, 'temperature', 0, { least: 0, most: 100 }),
      topP: numberFlag(input, 'top-p', 1, { least: 0, most: 1 }),
      topK: wholeFlag(input, 'top-k', 0, 0),
      minP: numberFlag(input, 'min-p', 0, { least: 0, most: 1 }),
      repeatPenalty: numberFlag(input, 'repeat-penalty', 1, { least: 0.01, most: 100 }),
      seed,
    },
    answerLimit: limit ?? ANSWERS,
    seed,
    notes,
  };
}

/** In the run; models without one share a folder. */
export function filesOf(input: Arguments, { subjects, sides, data }: EvaluationPlan, cwd: string): EvaluationFiles {
  const { run, name } = subjects;
  const folder = run ? join(run.path, 'evaluation') : resolve(cwd, '.finetune', 'evaluations');
  const of =
    data && input.has('data')
      ? basename(data.path, extname(data.path))
      : data
        ? 'validation'
        : input.last('benchmark')!;
  const step = input.has('checkpoint') ? `-step-${input.last('checkpoint')}` : '';
  // A look at a few rows or at one model must not take the place of the whole report.
  const limit = input.has('limit') ? `-limit-${input.last('limit')}` : '';
  const side = subjects.tuned && sides.length === 1 ? `-${sides[0]}` : '';
  const usual = `${run ? `${of}${step}` : `${name}-${of}`}${limit}${side}`
    .replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 100);
  return evaluationFiles(folder, input.last('name') ?? (usual || 'data'));
}

/** No longer than the longest prompt needs: what a model keeps of its context takes memory. */
export function contextOf(input: Arguments, { subjects, data, sampling }: EvaluationPlan): number {
  const rows = data?.rows ?? [];
  const longest = rows.reduce((most, { promptTokens }) => Math.max(most, promptTokens?.length ?? 0), 0);
  return Math.min(longest + sampling.maxNewTokens, mostContext(input, subjects));
}

/** Value of a flag that is a whole number. */
export function wholeFlag(input: Arguments, flag: string, fallback: number, least: number): number {
  return numberFlag(input, flag, fallback, { least, most: MOST, whole: true });
}

function mostContext(input: Arguments, { base }: Subjects): number {
  return Math.min(wholeFlag(input, 'context-length', CONTEXT_LENGTH, 16), base.checked.config.maxPositions);
}

/** With a benchmark there need be no other data. */
function dataOf(
  input: Arguments,
  { format }: EvaluateChoices,
  subjects: Subjects,
  { cwd, seed, limit }: { readonly cwd: string; readonly seed: number; readonly limit: number | undefined },
): { readonly data: EvaluationData | undefined; readonly notes: readonly string[] } {
  const file = input.last('data');
  if (file === undefined && input.has('benchmark')) return { data: undefined, notes: [] };
  const { run, base, tuned } = subjects;
  const { checked } = tuned ?? base;
  const source: HeldOut = file === undefined ? heldOut(subjects) : { path: resolve(cwd, file) };
  const { maxPositions } = checked.config;
  const length = run?.settings.max_length ?? Math.min(MAX_LENGTH, maxPositions);
  const data = readEvaluationData(source.path, checked, {
    format,
    maxLength: Math.min(wholeFlag(input, 'max-length', length, 2), maxPositions),
    contextLength: mostContext(input, subjects),
    lines: source.lines,
    limit,
    seed,
  });
  const evaluated = new Set(data.rows.map(({ line }) => line));
  return {
    data,
    notes: [
      ...(source.lines ? [`The ${source.lines.size} rows that the run had split off its training file.`] : []),
      ...(run ? trainedOnNotes(run, source, evaluated, checked) : []),
    ],
  };
}

function heldOut({ run, tuned, base, name }: Subjects): HeldOut {
  if (run) return heldOutRows(run, (tuned ?? base).checked);
  throw new Failure('usage', `What should ${name} be evaluated on?`, 'Name the data with --data FILE.', 2);
}

function stepOf(path: string, input: Arguments): number | null {
  if (input.has('checkpoint')) return Number(input.last('checkpoint'));
  const end = readEvents(path).findLast(({ type }) => type === 'completed' || type === 'stopped');
  return end && 'step' in end ? end.step : null;
}
