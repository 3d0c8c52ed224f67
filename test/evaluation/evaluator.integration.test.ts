/** Likelihoods against transformers and PEFT, resuming, and the command as a user has it. The command needs `dist/`. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsNamed } from '../../src/evaluation/choose-metrics';
import { type EvaluationPlan, type EvaluationTools, evaluate } from '../../src/evaluation/evaluator';
import { GREEDY, type Generator } from '../../src/evaluation/generation/generator';
import type { EvaluationReport, PredictionRow } from '../../src/evaluation/report';
import { evaluationFiles } from '../../src/evaluation/report-files';
import { readEvaluationData } from '../../src/evaluation/rows';
import { openSubjects } from '../../src/evaluation/subject';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';

const root = resolve(__dirname, '..', '..');
const sample = join(root, 'media', 'sample');
const adapter = join(__dirname, 'oracles', 'adapter');
const home = mkdtempSync(join(tmpdir(), 'evaluate-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ROWS = 6;
const dataFile = join(home, 'six.jsonl');
writeFileSync(dataFile, readFileSync(join(sample, 'test.jsonl'), 'utf8').split('\n').slice(0, ROWS).join('\n'));
const subjects = openSubjects(adapter, { model: join(sample, 'base') });

function planOf(metrics: readonly string[]): EvaluationPlan {
  const { checked } = subjects.base;
  return {
    subjects,
    sides: ['base', 'tuned'],
    step: null,
    data: readEvaluationData(dataFile, checked, { format: 'auto', maxLength: 512, contextLength: 512, seed: 1 }),
    metrics: metricsNamed(metrics),
    rules: {},
    sampling: { ...GREEDY, maxNewTokens: 8 },
    answerLimit: 200,
    seed: 1,
    notes: [],
  };
}
function toolsOf(name: string, more: Partial<EvaluationTools> = {}): EvaluationTools {
  return {
    files: evaluationFiles(join(home, 'evaluation'), name),
    engine: () => createOnnxRuntimeEngine({ device: 'cpu', threads: 2, prepack: false }),
    memory: 'fast',
    openGenerator: () => Promise.reject(new Error('No answer was asked for.')),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...more,
  };
}
const rowsOf = (name: string): PredictionRow[] =>
  readFileSync(evaluationFiles(join(home, 'evaluation'), name).predictions, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PredictionRow);

describe('likelihoods', () => {
  it.each(['fast', 'low'] as const)('equal those of transformers and PEFT, memory %s', async (memory) => {
    const report = await evaluate(planOf(['perplexity', 'token_accuracy']), toolsOf(memory, { memory }));
    const text = readFileSync(join(__dirname, 'oracles', 'likelihoods.json'), 'utf8');
    const expected = JSON.parse(text) as Record<'base' | 'tuned', { tokens: number; nll: number; right: number }[]>;
    const rows = rowsOf(memory);
    for (const side of ['base', 'tuned'] as const) {
      const all = { nll: 0, tokens: 0, right: 0 };
      expected[side].forEach(({ nll, tokens, right }, i) => {
        expect(Math.abs(rows[i]![side]!.loss! - nll / tokens), `${side} ${i}`).toBeLessThan(1e-5);
        expect(rows[i]![side]!.scores['token_accuracy']).toBeCloseTo(right / tokens, 12);
        all.nll += nll;
        all.tokens += tokens;
        all.right += right;
      });
      const values = report!.metrics.map((metric) => metric[side]!.value!);
      expect(Math.abs(values[0]! / Math.exp(all.nll / all.tokens) - 1)).toBeLessThan(1e-4);
      expect(values[1]).toBeCloseTo(all.right / all.tokens, 12);
    }
    expect(expected.base[0]!.nll).not.toBeCloseTo(expected.tuned[0]!.nll, 1);
  });
});

it('more rows than a call has arguments are no trouble', async () => {
  const plan = planOf(['perplexity']);
  const many = Array.from({ length: 200_000 }, (_, i) => ({ ...plan.data!.rows[0]!, line: i + 1 }));
  const engine = (): never => {
    throw new Error('The engine is opened.');
  };
  const tools = toolsOf('many', { engine });
  await expect(evaluate({ ...plan, data: { ...plan.data!, rows: many } }, tools)).rejects.toThrow(
    'The engine is opened.',
  );
});

describe('answers', () => {
  /** Writes the reference of every second row, and stops the evaluation after some answers. */
  function writer(stopAfter: number): EvaluationTools['openGenerator'] & { asked: number; stop: AbortController } {
    const stop = new AbortController();
    const { rows } = planOf(['f1']).data!;
    const open: EvaluationTools['openGenerator'] = () => {
      const generator: Generator = {
        parallel: 2,
        contextLength: 512,
        answer: (prompt) => {
          const at = rows.findIndex(({ promptTokens }) => promptTokens!.join() === prompt.join());
          if (++state.asked === stopAfter) stop.abort();
          const text = at % 2 === 0 ? rows[at]!.reference : '';
          return Promise.resolve({ text, tokens: [1, 2, 3].slice(at % 2), finish: 'stop' });
        },
        logLikelihoods: () => Promise.resolve([]),
        dispose: () => Promise.resolve(),
      };
      return Promise.resolve({ generator, engine: 'onnxruntime', device: 'cpu' });
    };
    const state = Object.assign(open, { asked: 0, stop });
    return state;
  }

  it('that were written are not written again, and the report is that of an evaluation without a break', async () => {
    const plan = planOf(['exact_match', 'f1']);
    const whole = writer(Infinity);
    const uninterrupted = await evaluate(plan, toolsOf('whole', { openGenerator: whole }));
    expect(whole.asked).toBe(2 * ROWS);

    const first = writer(4);
    const stopped = toolsOf('broken', { openGenerator: first, signal: first.stop.signal });
    expect(await evaluate(plan, stopped)).toBeUndefined();
    expect(existsSync(stopped.files.report)).toBe(false);
    const second = writer(Infinity);
    const resumed = await evaluate(plan, toolsOf('broken', { openGenerator: second }));
    expect(first.asked + second.asked).toBe(2 * ROWS);
    expect(existsSync(stopped.files.journal)).toBe(false);

    const bare = ({ created: _, seconds: __, name: ___, ...rest }: EvaluationReport) => rest;
    expect(bare(resumed!)).toEqual(bare(uninterrupted!));
    expect(rowsOf('broken')).toEqual(rowsOf('whole'));
    const match = resumed!.metrics.find(({ id }) => id === 'exact_match')!;
    expect([match.base.value, match.difference!.value]).toEqual([0.5, 0]);
    expect(resumed!.metrics.at(-1)).toMatchObject({ id: 'answer_tokens', base: { value: 2.5 } });
    expect(resumed!.generation).toMatchObject({ engine: 'onnxruntime', maxNewTokens: 8, temperature: 0 });
    expect(readFileSync(stopped.files.markdown, 'utf8')).toContain('| Exact match | 50.0 % | 50.0 % | 0.0 |');
  });

  it('a sample is said to be one', async () => {
    const plan = { ...planOf(['f1']), answerLimit: 3 };
    const generator = writer(Infinity);
    const report = await evaluate(plan, toolsOf('sample', { openGenerator: generator }));
    expect(generator.asked).toBe(6);
    expect(report!.notes).toContain('Answers are written to a sample of 3 of the 6 rows.');
    expect(rowsOf('sample').filter(({ base }) => base !== null)).toHaveLength(3);
  });

  it('a metric that cannot read the references is refused before the work', async () => {
    await expect(evaluate(planOf(['json_fields']), toolsOf('refused'))).rejects.toThrow('A reference is no JSON');
  });
});

describe('fine-tune evaluate', () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((done) => {
      const child = spawn(
        process.execPath,
        [join(root, 'dist', 'cli.js'), 'evaluate', ...args.filter((arg) => arg !== '--stop')],
        { cwd: home },
      );
      let [out, err] = ['', ''];
      let stop = args.includes('--stop');
      child.stdout.on('data', (bytes: Buffer) => {
        out += bytes.toString();
        // As by Ctrl-C, when the answers begin.
        if (stop && out.includes('"phase":"answers"')) {
          stop = false;
          child.kill('SIGINT');
        }
      });
      child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
      child.on('close', (code) => done({ code, out, err }));
    });
  const usual = [adapter, '--model', join(sample, 'base'), '--data', dataFile, '--engine', 'onnxruntime'];
  const last = (out: string): { type: string; path: string; report: EvaluationReport } =>
    JSON.parse(out.trimEnd().split('\n').at(-1)!) as { type: string; path: string; report: EvaluationReport };

  let report: EvaluationReport;
  beforeAll(async () => {
    const { code, out, err } = await run(...usual, '--max-new-tokens', '6', '--json');
    expect(code, err).toBe(0);
    report = last(out).report;
    expect(JSON.parse(readFileSync(last(out).path, 'utf8'))).toEqual(report);
  });

  it('compares both models, on the own engine', () => {
    expect(report).toMatchObject({ subject: 'adapter', run: null, base: { weights: 'float16', adapter: null } });
    expect(report.metrics.map(({ id }) => id)).toContain('perplexity');
    expect(report.metrics.every(({ base, difference }) => base.value !== null && difference !== null)).toBe(true);
    expect(report.generation).toMatchObject({ engine: 'onnxruntime', maxNewTokens: 6 });
  });

  it('keeps what is done when it is stopped, and goes on there', async () => {
    const args = [...usual, '--max-new-tokens', '30', '--json', '--name', 'stopped'];
    const stopped = await run(...args, '--stop');
    expect(stopped.code, stopped.err).toBe(130);
    expect(last(stopped.out)).toMatchObject({ type: 'stopped' });
    const kept = readFileSync(last(stopped.out).path, 'utf8').split('\n');
    expect(kept.filter((line) => line.includes('likelihood'))).toHaveLength(2 * ROWS);
    const { code, out } = await run(...args);
    expect(code).toBe(0);
    expect(out).not.toContain('"phase":"likelihoods"');
    expect(last(out).report.metrics[0]).toEqual(report.metrics[0]);
  });

  it.each([
    ['no data', [adapter, '--model', join(sample, 'base')], 'What should adapter be evaluated on?'],
    ['an unknown metric', [...usual, '--metrics', 'blue'], 'There is no metric blue. Did you mean bleu?'],
    ['a name that is none', [...usual, '--name', '../x'], 'cannot be the name of an evaluation'],
    ['no file', [...usual.slice(0, 3), '--data', 'gone.jsonl'], 'There is no file'],
    ['no model', ['nothing/here/at/all', '--data', dataFile], 'There is no run, adapter or model at'],
  ])('%s: says so', async (_, args, words) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(err).not.toContain('fault of fine-tune');
  });
});
