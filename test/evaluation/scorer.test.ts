import { describe, expect, it } from 'vitest';
import { metricsNamed, usualMetrics } from '../../src/evaluation/choose-metrics';
import type { EvaluationRow } from '../../src/evaluation/rows';
import { type Both, resultOf, scorerOf } from '../../src/evaluation/scorer';

const row = (reference: string, more: Partial<EvaluationRow> = {}): EvaluationRow => ({
  line: 1,
  prompt: '',
  reference,
  referenceTokens: 1,
  callsTools: false,
  promptTokens: new Int32Array(3),
  examples: [{ line: 1, tokens: new Int32Array(4), trained: new Uint8Array(4), lostTokens: 0, lostTrainedTokens: 0 }],
  ...more,
});
const usual = (rows: readonly EvaluationRow[]): string[] => usualMetrics(rows, {}).map(({ id }) => id);
const many = (texts: readonly string[], count: number): EvaluationRow[] =>
  Array.from({ length: count }, (_, i) => row(texts[i % texts.length]!));

describe('the usual metrics suit the answers', () => {
  it.each([
    ['labels', many(['positive', 'negative'], 20), ['exact_match', 'f1_macro', 'f1_micro']],
    ['short answers', Array.from({ length: 20 }, (_, i) => row(`in ${i}`)), ['squad_exact_match', 'f1']],
    ['JSON', many(['{"a": 1}', '[1, 2]'], 20), ['exact_match', 'json_valid', 'json_fields', 'json_equal']],
    ['tool calls', [row('x', { callsTools: true }), row('a text')], ['exact_match', 'f1', 'tool_calls', 'tool_names']],
    ['texts', many(['one two three four five six seven eight'], 20), ['exact_match', 'f1', 'bleu', 'rougeL', 'chrf']],
  ])('%s', (_, rows, ids) => {
    expect(usual(rows)).toEqual(['perplexity', 'token_accuracy', ...ids]);
  });

  it('plain texts are never answered', () => {
    expect(usual([row('', { promptTokens: undefined })])).toEqual(['perplexity', 'token_accuracy']);
  });

  it('an unknown one is refused with the nearest', () => {
    expect(() => metricsNamed(['rougel'])).toThrow('There is no metric rougel. Did you mean rougeL?');
    expect(metricsNamed(['rouge', 'bleu']).map(({ id }) => id)).toEqual(['bleu', 'rouge1', 'rouge2', 'rougeL']);
  });
});

describe('a result', () => {
  const scorer = (id: string) => scorerOf(metricsNamed([id])[0]!, { pattern: '^[0-9]+$' });
  const options = { seed: 1, samples: 500 };
  const text = (prediction: string) => ({ text: { prediction, references: ['7'] } });

  it('weighs perplexity by tokens, and finds the tuned model better row by row', () => {
    const rows: Both[] = [
      { base: { likelihood: { nll: 9, tokens: 3, right: 1 } }, tuned: { likelihood: { nll: 3, tokens: 3, right: 3 } } },
      { base: { likelihood: { nll: 2, tokens: 1, right: 0 } }, tuned: { likelihood: { nll: 1, tokens: 1, right: 0 } } },
    ];
    const result = resultOf(scorer('perplexity'), rows, options)!;
    expect(result.base.value).toBeCloseTo(Math.exp(11 / 4), 12);
    expect(result.tuned!.value).toBeCloseTo(Math.exp(4 / 4), 12);
    expect(result.difference!.value).toBeCloseTo(Math.exp(1) - Math.exp(11 / 4), 12);
    expect(result.difference!.interval!.high).toBeLessThan(0);
    expect(resultOf(scorer('token_accuracy'), rows, options)!.tuned!.value).toBe(0.75);
  });

  it('of one model has no difference, and of none is nothing', () => {
    const rows: Both[] = [
      { base: text('7'), tuned: undefined },
      { base: text(''), tuned: undefined },
    ];
    const { base, tuned, difference } = resultOf(scorer('exact_match'), rows, options)!;
    expect({ value: base.value, tuned, difference }).toEqual({ value: 0.5, tuned: null, difference: null });
    expect(base.interval).toEqual({ low: 0, high: 1 });
    expect(resultOf(scorer('perplexity'), rows, options)).toBeUndefined();
  });

  it('an answer of nothing is wrong, not a crash, by every metric of texts', () => {
    for (const id of ['exact_match', 'squad_exact_match', 'f1', 'bleu', 'rougeL', 'chrf', 'json_valid', 'pattern']) {
      const { base } = resultOf(scorer(id), [{ base: text(''), tuned: undefined }], options)!;
      expect([id, base.value]).toEqual([id, 0]);
    }
  });

  it('infinite surprise is no number, as JSON has none', () => {
    const rows: Both[] = [{ base: { likelihood: { nll: Infinity, tokens: 1, right: 0 } }, tuned: undefined }];
    expect(resultOf(scorer('perplexity'), rows, options)!.base).toEqual({ value: null, interval: null });
  });

  it('a metric without its rule is refused', () => {
    expect(() => scorerOf(metricsNamed(['json_schema'])[0]!, {})).toThrow(
      'The metric json_schema needs --schema FILE.',
    );
  });

  it('a regular expression that never ends is an answer that does not pass', () => {
    const endless = scorerOf(metricsNamed(['pattern'])[0]!, { pattern: '^(a+)+$' });
    const rows = [{ base: { text: { prediction: `${'a'.repeat(40)}!`, references: [] } }, tuned: undefined }];
    expect(resultOf(endless, rows, options)!.base.value).toBe(0);
  });
});
