import { describe, expect, it } from 'vitest';
import { benchmarkFacts, benchmarkTable } from '../../src/evaluation/benchmark-cells';
import type { BenchmarkResult } from '../../src/evaluation/report';

const subject = (name: string, base: number | null, tuned: number | null) => ({
  name,
  questions: 20,
  base,
  tuned,
  standardError: { base: 0.1, tuned: null },
});

const RESULT: BenchmarkResult = {
  id: 'mmlu',
  title: 'MMLU',
  path: '/mmlu',
  method: 'log-likelihood',
  shots: 1,
  questions: 40,
  overall: {
    unit: 'share',
    higherIsBetter: true,
    base: { value: 0.25, interval: { low: 0.1, high: 0.4 } },
    tuned: { value: 0.5, interval: { low: 0.3, high: 0.7 } },
    difference: { value: 0.25, interval: { low: 0, high: 0.5 }, pValue: 0.04 },
  },
  standardError: { base: 0.0519, tuned: 0.0512 },
  subjects: [subject('anatomy', 0.2, 0.4), subject('formal_logic', 0.3, 0.6)],
  groups: [subject('stem', 0.2, 0.4)],
  unanswered: null,
  cut: 0,
  others: [],
};

describe('a benchmark in words', () => {
  it('says how it was asked, with the errors of both models', () => {
    expect(benchmarkFacts(RESULT)).toBe(
      '40 questions, 1 example before each; the likeliest choice counts (log-likelihood). Standard error: 5.19 and 5.12 percentage points.',
    );
  });

  it('says what went wrong with the answers', () => {
    const written = { ...RESULT, method: 'generate', shots: 0, unanswered: { base: 3, tuned: 0 }, cut: 7 } as const;
    expect(benchmarkFacts(written)).toMatch(
      /^40 questions, 0 examples before each; answers were written\..* count as wrong: 3 and 0\. .*lost their beginning: 7\.$/,
    );
  });

  it('shows one model where only one was asked', () => {
    const alone = { ...RESULT, overall: { ...RESULT.overall, tuned: null, difference: null } };
    expect(benchmarkFacts(alone)).toMatch(/Standard error: 5\.19 percentage points\.$/);
    expect(benchmarkTable(alone)[0]).toEqual(['subject', 'questions', 'base']);
  });

  it('lists groups before subjects', () => {
    expect(benchmarkTable(RESULT)).toEqual([
      ['subject', 'questions', 'base', 'tuned'],
      ['all of stem', '20', '20.0 %', '40.0 %'],
      ['anatomy', '20', '20.0 %', '40.0 %'],
      ['formal logic', '20', '30.0 %', '60.0 %'],
    ]);
    expect(benchmarkTable({ ...RESULT, subjects: RESULT.subjects.slice(1) })).toEqual([]);
  });
});
