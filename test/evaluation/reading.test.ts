import { describe, expect, it } from 'vitest';
import { headlineOf, readingOf, readingWords } from '../../src/evaluation/reading';
import type { BenchmarkResult, EvaluationReport, MetricResult } from '../../src/evaluation/report';

const side = { value: 1, interval: null };

function metric(title: string, low: number, high: number, higherIsBetter: boolean | null = true): MetricResult {
  const difference = { value: (low + high) / 2, interval: { low, high }, pValue: null };
  return { id: title, title, unit: 'share', higherIsBetter, base: side, tuned: side, difference };
}

function report(metrics: readonly MetricResult[], benchmarks: readonly MetricResult[] = []): EvaluationReport {
  const facts = { name: 'm', path: '/m', hash: '', adapter: null, weights: 'float32' };
  return {
    version: 1,
    name: 'n',
    created: '2026-11-24T18:00:00Z',
    subject: 's',
    run: null,
    step: null,
    base: facts,
    tuned: facts,
    data: null,
    generation: null,
    metrics,
    benchmarks: benchmarks.map(benchmark),
    resampling: { samples: 1000, seed: 1, level: 0.95 },
    seconds: 1,
    notes: [],
  };
}

function benchmark(overall: MetricResult): BenchmarkResult {
  const { id, title } = overall;
  const none = { base: null, tuned: null };
  const facts = { path: '/q', method: 'generate', shots: 0, questions: 9, subjects: [], groups: [], cut: 0 } as const;
  return { ...facts, id, title, overall, standardError: none, unanswered: null, others: [] };
}

describe('what an interval says', () => {
  it.each([
    [0.1, 0.2, true, 'better'],
    [-0.2, -0.1, true, 'worse'],
    [-0.2, -0.1, false, 'better'],
    [0.1, 0.2, false, 'worse'],
    [-0.1, 0.2, true, 'unclear'],
    [0, 0.2, true, 'unclear'],
    [0, 0, false, 'unclear'],
    [1, 2, null, 'higher'],
    [-2, -1, null, 'lower'],
  ] as const)('%d to %d, higher is better: %s', (low, high, higherIsBetter, reading) => {
    expect(readingOf(metric('m', low, high, higherIsBetter))).toBe(reading);
  });

  it('is nothing where there is none, and has words of its own for lengths', () => {
    expect(readingOf({ difference: null, higherIsBetter: true })).toBeNull();
    expect(readingOf({ difference: { value: 1, interval: null, pValue: null }, higherIsBetter: true })).toBeNull();
    expect(readingWords('higher', 'tokens')).toBe('longer');
    expect(readingWords('higher', 'share')).toBe('higher');
    expect(readingWords(null, 'share')).toBe('–');
  });
});

describe('the headline', () => {
  const [up, down, flat] = [metric('A', 1, 2), metric('B', -2, -1), metric('C', -1, 1)];

  it.each([
    [[up, up], [], 'better', 'Better than the base on all 2 metrics.'],
    [[up], [], 'better', 'Better than the base on A.'],
    [[down, down], [], 'worse', 'Worse than the base on all 2 metrics.'],
    [[flat, flat], [], 'unclear', 'No clear change on all 2 metrics: their intervals hold 0.'],
    [[up, up, up, down, flat], [], 'mixed', 'Of 5 metrics: better on 3, worse on B, no clear change on C.'],
    [[up, flat], [down], 'mixed', 'Of 2 metrics: better on A, no clear change on C. B: worse.'],
    [[], [flat], 'unclear', 'C: no clear change.'],
    [[metric('L', 1, 2, null)], [], 'unclear', 'Nothing is compared: base and tuned model share no number.'],
  ] as const)('%#', (metrics, benchmarks, verdict, text) => {
    expect(headlineOf(report(metrics, benchmarks))).toEqual({ verdict, text });
  });

  it('says when there is nothing to compare', () => {
    expect(headlineOf({ ...report([up]), tuned: null })).toMatchObject({ verdict: 'unclear' });
  });
});
