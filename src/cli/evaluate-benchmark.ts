/** The flags of benchmarks of `fine-tune evaluate`, and what they ask for. */
import { join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import {
  BENCHMARKS,
  BENCHMARK_METHODS,
  type Benchmark,
  type BenchmarkOptions,
  openBenchmark,
} from '../evaluation/benchmarks/benchmark';
import { runBenchmark } from '../evaluation/benchmarks/run-benchmark';
import type { BenchmarkPart, EvaluationPlan, EvaluationTools } from '../evaluation/evaluator';
import { type GeneratorOptions, openGenerator } from '../evaluation/generation/open-generator';
import type { Arguments } from './command';
import { numberFlag } from './number-flag';

/** @returns undefined where none is asked for @throws Failure (exit code 2) `usage` or `benchmark-data` */
export async function benchmarkOf(input: Arguments, cwd: string): Promise<Benchmark | undefined> {
  const given = input.last('benchmark');
  if (given === undefined) {
    const lost = ['mmlu-dir', 'benchmark-file', 'shots', 'subjects', 'benchmark-method'].find((flag) =>
      input.has(flag),
    );
    if (lost === undefined) return undefined;
    throw usage(
      `--${lost} says something of a benchmark, and none is named.`,
      `Add --benchmark ${BENCHMARKS.join('|')}.`,
    );
  }
  const id = BENCHMARKS.find((one) => one === given);
  if (!id) throw usage(`--benchmark ${given} is not possible.`, `Choose among ${BENCHMARKS.join(', ')}.`);
  const flag = id === 'mmlu' ? 'mmlu-dir' : 'benchmark-file';
  const other = id === 'mmlu' ? 'benchmark-file' : 'mmlu-dir';
  if (input.has(other)) throw usage(`--${other} is not of --benchmark ${id}.`, `Name its questions with --${flag}.`);
  const path = input.last(flag);
  if (path === undefined) throw usage(`--benchmark ${id} needs --${flag}.`, 'Name where the questions are.');
  const subjects = input.all('subjects').flatMap((list) => list.split(','));
  return await openBenchmark({
    id,
    path: resolve(cwd, path),
    shots: countOf(input, 'shots', 0),
    limit: countOf(input, 'limit', 1),
    method: methodOf(input),
    subjects: subjects.length > 0 ? subjects.map((name) => name.trim()).filter((name) => name !== '') : undefined,
  });
}

/** @returns undefined where it was cancelled */
export async function askBenchmark(
  benchmark: Benchmark,
  { subjects, sides, seed }: Pick<EvaluationPlan, 'subjects' | 'sides' | 'seed'>,
  { files, signal, onProgress }: Pick<EvaluationTools, 'files' | 'signal' | 'onProgress'>,
  generator: Pick<GeneratorOptions, 'engine' | 'device'>,
): Promise<BenchmarkPart | undefined> {
  return await runBenchmark(benchmark, {
    sides: Object.fromEntries(sides.map((side) => [side, subjects[side]!])),
    answersFile: join(files.folder, `${files.name}.${benchmark.id}.jsonl`),
    openGenerator: (subject, contextLength) => openGenerator(subject, { ...generator, contextLength, signal }),
    resampling: { seed },
    signal,
    onProgress: ({ side, done, total }) => onProgress({ phase: 'benchmark', side, done, total }),
  });
}

function methodOf(input: Arguments): BenchmarkOptions['method'] {
  const given = input.last('benchmark-method');
  const method = BENCHMARK_METHODS.find((one) => one === given);
  if (given === undefined || method) return method;
  throw usage(`--benchmark-method ${given} is not possible.`, `Choose among ${BENCHMARK_METHODS.join(', ')}.`);
}

function countOf(input: Arguments, flag: string, least: number): number | undefined {
  return input.has(flag) ? numberFlag(input, flag, least, { least, most: 1e9, whole: true }) : undefined;
}

function usage(message: string, hint: string): Failure {
  return new Failure('usage', message, hint, 2);
}
