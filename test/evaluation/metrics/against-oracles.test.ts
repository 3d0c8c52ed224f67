import { describe, expect, it } from 'vitest';
import { bleu, bleuSignature, sentenceBleu, type BleuOptions } from '../../../src/evaluation/metrics/bleu';
import { chrf, chrfSignature, type ChrfOptions } from '../../../src/evaluation/metrics/chrf';
import { classificationF1 } from '../../../src/evaluation/metrics/classification';
import { confidenceInterval } from '../../../src/evaluation/metrics/bootstrap';
import { exactMatch } from '../../../src/evaluation/metrics/exact-match';
import { tally, type Metric, type TextRow } from '../../../src/evaluation/metrics/metric';
import { pairedBootstrap, pairedRandomization } from '../../../src/evaluation/metrics/paired-test';
import { porterStem } from '../../../src/evaluation/metrics/porter-stemmer';
import { rouge, rougeScore, type RougeKind } from '../../../src/evaluation/metrics/rouge';
import { squadExactMatch, squadF1 } from '../../../src/evaluation/metrics/squad';
import { readMetricsDump } from './dump';

const dump = readMetricsDump();
const { rows } = dump;

/** Every value within 1e-6 of the other's, with the rows where it is not. */
function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  const wrong = found.flatMap((value, i) =>
    Math.abs(value - expected[i]!) <= 1e-6 ? [] : [{ row: i, value, expected: expected[i] }],
  );
  expect(wrong).toEqual([]);
}

const alone = (metric: Metric<TextRow>): number[] => rows.map((row) => tally(metric, [row]).score());

it('has varied rows', () => {
  expect(rows.length).toBeGreaterThanOrEqual(250);
  expect(rows.filter(({ references }) => references.length > 1)).toHaveLength(50);
});

describe('BLEU', () => {
  const options: Readonly<Record<string, BleuOptions>> = {
    '13a/exp': {},
    'intl/exp': { tokenize: 'intl' },
    'char/exp': { tokenize: 'char' },
    'none/exp': { tokenize: 'none' },
    '13a/floor': { smoothMethod: 'floor' },
    '13a/add-k': { smoothMethod: 'add-k' },
    '13a/none': { smoothMethod: 'none' },
    '13a/exp/lc': { lowercase: true },
  };
  it.each(Object.keys(dump.bleu))('%s equals sacrebleu', (name) => {
    const { sentence, corpus } = dump.bleu[name]!;
    expectClose(
      rows.map((row) => sentenceBleu(row, options[name])),
      sentence,
    );
    expectClose([tally(bleu(options[name]), rows).score()], [corpus]);
    expect(bleuSignature(rows, options[name])).toBe(dump.signatures[name]);
  });
});

describe('chrF', () => {
  const options: Readonly<Record<string, ChrfOptions>> = {
    chrf: {},
    'chrf++': { wordOrder: 2 },
    'chrf/lc': { lowercase: true },
  };
  it.each(Object.keys(dump.chrf))('%s equals sacrebleu', (name) => {
    const { sentence, corpus } = dump.chrf[name]!;
    expectClose(alone(chrf(options[name])), sentence);
    expectClose([tally(chrf(options[name]), rows).score()], [corpus]);
    expect(chrfSignature(rows, options[name])).toBe(dump.signatures[name]);
  });
});

describe('ROUGE', () => {
  const kinds: readonly RougeKind[] = ['rouge1', 'rouge2', 'rougeL', 'rougeLsum'];
  it.each(['stem', 'plain'] as const)('%s equals rouge_score', (name) => {
    const found = rows.map((row) =>
      kinds.flatMap((kind) => {
        const { precision, recall, fmeasure } = rougeScore(kind, row, name === 'stem');
        return [precision, recall, fmeasure];
      }),
    );
    expectClose(found.flat(), dump.rouge[name].flat());
    const means = kinds.map((_, i) => dump.rouge[name].reduce((sum, row) => sum + row[3 * i + 2]!, 0) / rows.length);
    expectClose(
      kinds.map((kind) => tally(rouge(kind, name === 'stem'), rows).score()),
      means,
    );
  });
  it('stems as NLTK', () => {
    const words = Object.keys(dump.stems);
    expect(words.length).toBeGreaterThan(300);
    expect(Object.fromEntries(words.map((word) => [word, porterStem(word)]))).toEqual(dump.stems);
  });
});

describe('SQuAD', () => {
  it('exact match and F1 equal the script', () => {
    expectClose(
      alone(squadExactMatch),
      dump.squad.map(([exact]) => exact),
    );
    expectClose(
      alone(squadF1),
      dump.squad.map(([, f1]) => f1),
    );
  });
});

describe('classification', () => {
  const { truth, predictions, ...values } = dump.classification;
  it.each(['macro', 'micro', 'weighted'] as const)('%s F1 equals scikit-learn', (average) => {
    const labelled = truth.map((reference, i) => ({ reference, prediction: predictions[i]! }));
    expectClose([classificationF1(labelled, average).score()], [values[average]]);
  });
  it('accuracy is exact match', () => {
    const labelled = truth.map((label, i) => ({ references: [label], prediction: predictions[i]! }));
    expectClose([tally(exactMatch, labelled).score()], [values.accuracy]);
  });
});

describe('resampling', () => {
  const { samples, seed, tuned, rows: base } = dump.resampling;
  it.each(['bleu', 'chrf'] as const)('%s: interval and paired tests equal sacrebleu on the same draws', (name) => {
    const expected = dump.resampling[name];
    const metric = name === 'bleu' ? bleu() : chrf();
    const { low, high } = confidenceInterval(tally(metric, base), { seed, samples });
    expectClose([low, high], expected.interval);
    const both = tally(metric, [...base, ...tuned]);
    const found = pairedBootstrap(both, { seed, samples });
    expectClose(
      [found.base, found.tuned, found.interval.low, found.interval.high, found.pValue],
      [expected.base, expected.tuned, ...expected.difference, expected.bootstrap],
    );
    expectClose([pairedRandomization(both, { seed, samples })], [expected.randomization]);
  });
});
