import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evaluationLines } from '../../src/cli/evaluation-lines';
import { evaluationView } from '../../src/cli/evaluation-view';
import type { Terminal } from '../../src/cli/terminal';
import type { EvaluationReport, MetricResult } from '../../src/evaluation/report';
import { evaluationFiles } from '../../src/evaluation/report-files';

const result = (
  id: string,
  unit: MetricResult['unit'],
  higherIsBetter: boolean | null,
  [base, tuned, low, high]: readonly [number, number, number, number],
): MetricResult => ({
  id,
  title: id,
  unit,
  higherIsBetter,
  base: { value: base, interval: null },
  tuned: { value: tuned, interval: null },
  difference: { value: tuned - base, interval: { low, high }, pValue: 0.01 },
});
const model = { name: 'm', path: '/m', hash: 'h', adapter: null, weights: 'float32' };
const report: EvaluationReport = {
  version: 1,
  name: 'validation',
  created: '2026-11-24T12:00:00.000Z',
  subject: 'bot',
  run: '/run',
  step: 10,
  base: model,
  tuned: model,
  data: null,
  generation: null,
  metrics: [
    result('perplexity', 'none', false, [8.41, 2.99, -5.6, -5.2]),
    result('f1', 'share', true, [0.412, 0.4, -0.02, -0.01]),
    result('bleu', 'points', true, [9.8, 10, -0.1, 0.5]),
    { ...result('answer_tokens', 'tokens', null, [141, 139, -3, -1]), reference: 138 },
  ],
  benchmarks: [],
  resampling: { samples: 1000, seed: 42, level: 0.95 },
  seconds: 1,
  notes: ['A note.'],
};
const TABLE = [
  'metric           base   tuned  difference   95 % interval  reading',
  'perplexity      8.410   2.990      −5.420  −5.600 to −5.200  better',
  'f1             41.2 %  40.0 %        −1.2      −2.0 to −1.0  worse',
  'bleu              9.8    10.0        +0.2      −0.1 to +0.5  no clear change',
  'answer_tokens   141.0   139.0        −2.0      −3.0 to −1.0  shorter',
];

function terminal(): { terminal: Terminal; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    terminal: {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      live: true,
      color: false,
      colorOut: false,
      unicode: true,
      columns: () => 100,
      cwd: '/',
    },
  };
}

it('shows how far it is, and at the end what came out', () => {
  const { terminal: screen, out, err } = terminal();
  let now = 0;
  const view = evaluationView(screen, false, () => now);
  view.show({ phase: 'answers', side: 'tuned', done: 0, total: 10 });
  now = 2000;
  view.show({ phase: 'answers', side: 'tuned', done: 4, total: 10 });
  view.done(report, evaluationFiles('/run/evaluation', 'validation'));
  expect(err.map((text) => text.replaceAll(/[\r\u001b]|\[2K/g, ''))).toEqual([
    'tuned model, answers: 0 of 10',
    'tuned model, answers: 4 of 10, 3.0 s left',
    '',
  ]);
  const lines = out.join('\n').split('\n');
  expect(lines.slice(1, 6).map((line) => line.replaceAll(/ +/g, ' '))).toEqual(
    TABLE.map((line) => line.replaceAll(/ +/g, ' ')),
  );
  expect(lines).toContain('Note: A note.');
  expect(lines).toContain('The references have 138.0 tokens on average.');
});

it('tells programs in lines of JSON', () => {
  const { terminal: screen, out, err } = terminal();
  const view = evaluationView(screen, true);
  view.show({ phase: 'answers', side: 'tuned', done: 10, total: 10 });
  view.done(report, evaluationFiles('/run/evaluation', 'validation'));
  view.stopped(evaluationFiles('/run/evaluation', 'validation'));
  expect(err).toEqual([]);
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    { type: 'progress', phase: 'answers', side: 'tuned', done: 10, total: 10 },
    { type: 'completed', path: '/run/evaluation/validation.json', report },
    { type: 'stopped', path: '/run/evaluation/validation.partial.jsonl' },
  ]);
});

it('a run shows its evaluations, and files beside them do not disturb', () => {
  const run = mkdtempSync(join(tmpdir(), 'shown-'));
  try {
    mkdirSync(join(run, 'evaluation'));
    writeFileSync(join(run, 'evaluation', 'validation.json'), JSON.stringify(report));
    writeFileSync(join(run, 'evaluation', 'torn.json'), '{"version": 1,');
    writeFileSync(join(run, 'evaluation', 'other.json'), '[]');
    const lines = evaluationLines(run);
    expect(lines[1]).toContain('Evaluation validation, 2026-11-24');
    expect(lines.filter((line) => line.includes('perplexity') && line.includes('better'))).toHaveLength(2);
    expect(evaluationLines(join(run, 'gone'))).toEqual([]);
  } finally {
    rmSync(run, { recursive: true, force: true });
  }
});
