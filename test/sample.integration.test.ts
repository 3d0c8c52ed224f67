/** The promise of the first ten minutes: tuning on the sample visibly changes the model. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EvaluationReport } from '../src/evaluation/report';
import { readEvents } from '../src/training/run-folder';

const root = resolve(__dirname, '..');
const sample = join(root, 'media', 'sample');
const weights = join(sample, 'base', 'model.safetensors');
const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

let folder: string;
let output: string;
let run: string;
let code: number | null;
let before: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sample-'));
  before = hash(weights);
  [code, output] = await new Promise((done) => {
    const child = execFile(process.execPath, [join(root, 'dist', 'cli.js'), 'demo'], { cwd: folder }, (_, out, err) =>
      done([child.exitCode, out + err]),
    );
  });
  const runs = join(folder, '.finetune', 'runs');
  run = join(
    runs,
    readdirSync(runs).find((name) => !name.startsWith('.'))!,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the tuned model answers over 80 % of unseen tickets to the letter, the base model under 10 %', () => {
  expect(code, output).toBe(0);
  const { metrics } = JSON.parse(readFileSync(join(run, 'evaluation', 'test.json'), 'utf8')) as EvaluationReport;
  const exact = metrics.find(({ id }) => id === 'exact_match')!;
  expect(exact.base.value).toBeLessThan(0.1);
  expect(exact.tuned!.value).toBeGreaterThan(0.8);
  const table = output
    .split('\n')
    .filter((line) => /^(metric|Perplexity|Exact match|Token F1|ROUGE-L|Answer length) /.test(line));
  expect(table).toHaveLength(6);
  for (const line of table.slice(1, -1)) expect(line).toMatch(/ to .* better$/);
});

it('the base model is as it was, and small', () => {
  expect(hash(weights)).toBe(before);
  const files = readdirSync(join(sample, 'base')).map((name) => statSync(join(sample, 'base', name)).size);
  expect(files.reduce((a, b) => a + b, 0)).toBeLessThan(4 * 1024 * 1024);
});

it('leaves a whole run folder', () => {
  const events = readEvents(run);
  expect(events[0]).toMatchObject({ type: 'phase', phase: 'load', state: 'begin' });
  expect(events.slice(-2)).toMatchObject([
    { type: 'completed', step: 400 },
    { type: 'evaluated', name: 'test' },
  ]);
  expect(events.filter(({ type }) => type === 'metrics')).toHaveLength(400);
  for (const name of ['run.json', 'loss.svg', 'adapter/adapter_config.json', 'adapter/adapter_model.safetensors'])
    expect(existsSync(join(run, name)), name).toBe(true);
  expect(existsSync(join(run, 'process.json'))).toBe(false);
  expect(existsSync(join(run, 'weights.f32'))).toBe(false);
  const kept = readdirSync(join(run, 'checkpoints'));
  expect(kept.length).toBeGreaterThanOrEqual(3);
  expect(kept.length).toBeLessThanOrEqual(4);
  const { settings, hashes } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as {
    settings: Record<string, unknown>;
    hashes: Record<string, string>;
  };
  expect(settings).toMatchObject({ r: 8, learning_rate: 0.005, warmup_steps: 40, eval_steps: 40 });
  expect(hashes.train).toBe(hash(join(sample, 'train.jsonl')));
});
