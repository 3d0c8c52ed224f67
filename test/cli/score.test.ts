import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/common/failure';
import { readArguments } from '../../src/cli/command';
import { scoreCommand } from '../../src/cli/score';
import type { Terminal } from '../../src/cli/terminal';

const home = mkdtempSync(join(tmpdir(), 'score-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function score(lines: readonly unknown[], ...flags: string[]): Promise<string> {
  writeFileSync(
    join(home, 'p.jsonl'),
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  const out: string[] = [];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: () => undefined,
    live: false,
    color: false,
    colorOut: false,
    unicode: true,
    columns: () => 100,
    cwd: home,
  };
  expect(await scoreCommand.run(readArguments(scoreCommand, ['p.jsonl', ...flags]), terminal)).toBe(0);
  return out.join('\n');
}
const refusal = async (work: Promise<unknown>): Promise<Failure> =>
  await work.then(
    () => Promise.reject(new Error('Nothing was refused.')),
    (error: Failure) => error,
  );

const ROWS = [
  { prediction: 'The cat sat on the mat.', reference: 'The cat sat on a mat.' },
  { prediction: 'Hello!', references: ['Hi', 'hello'] },
];

describe('fine-tune score', () => {
  it('prints the values of the field for the usual metrics', async () => {
    const { metrics, rows } = JSON.parse(await score(ROWS, '--json')) as {
      rows: number;
      metrics: Record<string, { value: number; signature?: string }>;
    };
    expect(rows).toBe(2);
    expect(Object.keys(metrics)).toEqual(['exact_match', 'f1', 'bleu', 'rouge1', 'rouge2', 'rougeL', 'chrf']);
    // Articles do not count in SQuAD: both rows are right.
    expect(metrics['f1']!.value).toBe(1);
    expect(metrics['exact_match']!.value).toBe(0);
    // rouge_score 0.1.2: 5 of 6 words in common, and the second row is equal to its second reference.
    expect(metrics['rouge1']!.value).toBeCloseTo((5 / 6 + 1) / 2, 12);
    expect(metrics['bleu']!.signature).toBe('nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0');
  });

  it('prints a table', async () => {
    expect(await score(ROWS, '--metrics', 'f1,exact_match')).toBe(
      [
        '2 predictions',
        '',
        'metric         value       95 % interval',
        'Exact match    0.0 %      0.0 % to 0.0 %',
        'Token F1     100.0 %  100.0 % to 100.0 %',
      ].join('\n'),
    );
  });

  it('needs no reference where nothing is compared', async () => {
    const out = await score([{ prediction: '{"a": 1}' }, { prediction: '' }], '--metrics', 'json_valid', '--json');
    expect((JSON.parse(out) as { metrics: { json_valid: { value: number } } }).metrics.json_valid.value).toBe(0.5);
  });

  it('names lines that it cannot read', async () => {
    const failure = await refusal(
      score([{ prediction: 'x', reference: 'y' }, 'nonsense', { reference: 'y' }, { prediction: 'x', references: [] }]),
    );
    expect(failure).toMatchObject({ code: 'data-errors', exitCode: 2 });
    expect(failure.message.split('\n').map((line) => line.replace(home, ''))).toEqual([
      expect.stringMatching(/^\/p.jsonl:2 /),
      '/p.jsonl:3 There is no "prediction".',
      '/p.jsonl:4 The reference is neither a text nor a list of texts.',
    ]);
  });

  it.each([
    [['--metrics', 'perplexity'], 'perplexity needs a model, not predictions.'],
    [['--metrics', 'blue'], 'There is no metric blue. Did you mean bleu?'],
    [['--metrics', ','], 'No metric is named.'],
    [['--metrics', 'pattern'], 'The metric pattern needs --pattern REGEX.'],
    [['--metrics', 'pattern', '--pattern', '('], 'Invalid regular expression'],
    [['--metrics', 'json_schema', '--schema', 'gone.json'], 'gone.json cannot be read'],
  ])('%j is refused', async (flags, words) => {
    expect((await refusal(score(ROWS, ...flags))).message).toContain(words);
  });

  it('an empty file is refused', async () => {
    expect(await refusal(score(['', ' ']))).toMatchObject({ code: 'data-empty', exitCode: 2 });
  });
});
