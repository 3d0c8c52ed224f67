import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/command';
import { evaluateCommand } from '../../src/cli/evaluate';
import { benchmarkOf } from '../../src/cli/evaluate-benchmark';
import type { Benchmark } from '../../src/evaluation/benchmarks/benchmark';

const FOLDER = join(__dirname, '../evaluation/benchmarks');

const given = async (...flags: string[]): Promise<Benchmark | undefined> =>
  await benchmarkOf(readArguments(evaluateCommand, ['RUN', ...flags]), FOLDER);

describe('the flags of a benchmark', () => {
  it('name none without --benchmark', async () => {
    expect(await given('--limit', '3')).toBeUndefined();
  });

  it('say what is asked', async () => {
    const asked = [
      '--benchmark',
      'mmlu',
      '--mmlu-dir',
      'mmlu',
      '--shots',
      '2',
      '--limit',
      '3',
      '--subjects',
      'stem, formal_logic',
    ];
    const benchmark = await given(...asked, '--benchmark-method', 'generate');
    expect(benchmark).toMatchObject({ id: 'mmlu', path: join(FOLDER, 'mmlu'), shots: 2, method: 'generate' });
    expect(
      benchmark!.subjects.map(({ name, questions, examples }) => [name, questions.length, examples.length]),
    ).toEqual([
      ['anatomy', 3, 2],
      ['formal_logic', 3, 2],
    ]);
  });

  it.each([
    { flags: ['--shots', '2'], message: '--shots says something of a benchmark, and none is named.' },
    { flags: ['--benchmark', 'mmul'], message: '--benchmark mmul is not possible.' },
    { flags: ['--benchmark', 'mmlu'], message: '--benchmark mmlu needs --mmlu-dir.' },
    { flags: ['--benchmark', 'qa', '--mmlu-dir', 'mmlu'], message: '--mmlu-dir is not of --benchmark qa.' },
    { flags: ['--benchmark', 'mmlu', '--mmlu-dir', 'mmlu', '--shots', '-1'], message: '--shots -1 is not possible.' },
    { flags: ['--benchmark', 'mmlu', '--mmlu-dir', 'mmlu', '--limit', '0'], message: '--limit 0 is not possible.' },
    {
      flags: ['--benchmark', 'mmlu', '--mmlu-dir', 'mmlu', '--benchmark-method', 'guess'],
      message: '--benchmark-method guess is not possible.',
    },
  ])('refuse $flags', async ({ flags, message }) => {
    await expect(given(...flags)).rejects.toMatchObject({ message, exitCode: 2 });
  });
});
