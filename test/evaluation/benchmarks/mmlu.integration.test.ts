import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { GivenAnswer } from '../../../src/evaluation/benchmarks/answer-log';
import { openBenchmark } from '../../../src/evaluation/benchmarks/benchmark';
import { runBenchmark } from '../../../src/evaluation/benchmarks/run-benchmark';
import { openGenerator } from '../../../src/evaluation/generation/open-generator';
import { openSubjects } from '../../../src/evaluation/subject';
import { MMLU, SUBJECTS, lmEval } from './lm-eval';

const folder = mkdtempSync(join(tmpdir(), 'fine-tune-mmlu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  { shots: 0, oracle: '0', context: Infinity, cut: 0 },
  { shots: 5, oracle: '5', context: Infinity, cut: 0 },
  // lm-eval's length counts what the model reads: the answer itself comes after it.
  { shots: 5, oracle: '5-in-128', context: 129, cut: 60 },
])('MMLU with $shots examples, $oracle', ({ shots, oracle, context, cut }) => {
  it('is what lm-eval finds with transformers', async () => {
    const { base } = openSubjects(join(__dirname, '../../../media/sample/base'));
    const answersFile = join(folder, `${oracle}.jsonl`);
    const run = await runBenchmark(await openBenchmark({ id: 'mmlu', path: MMLU, shots }), {
      sides: { base },
      answersFile,
      openGenerator: (subject, needed) => {
        const contextLength = Math.min(needed, context);
        return openGenerator(subject, { engine: 'onnxruntime', device: 'cpu', contextLength });
      },
      resampling: { seed: 1 },
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const { all, subjects } = lmEval(oracle);
    const lines = readFileSync(answersFile, 'utf8').trim().split('\n');
    const answers = lines.map((line) => JSON.parse(line) as GivenAnswer);
    const errors = answers.flatMap(({ subject, question, logProbabilities }) =>
      logProbabilities!.map((value, i) => value - subjects.get(subject)!.logLikelihoods[question - 1]![i]!),
    );
    expect(errors).toHaveLength(240);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(1e-4);
    expect(run!.result.overall.base.value).toBeCloseTo(all.acc, 12);
    expect(run!.result.subjects.map(({ name, base }) => [name, base])).toEqual(
      SUBJECTS.map((name) => [name, subjects.get(name)!.acc]),
    );
    expect(run!.result.cut).toBe(cut);
  });
});
