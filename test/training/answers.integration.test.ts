/** Answers that a model writes while it is trained, against those of the same weights afterwards. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerGreedily } from '../../src/evaluation/generation/greedy';
import { METRICS } from '../../src/evaluation/metrics/table';
import { readEvaluationData } from '../../src/evaluation/rows';
import { openSubjects } from '../../src/evaluation/subject';
import { openSubjectSession } from '../../src/evaluation/subject-session';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import type { EvaluationEvent, EventBody, TrainerEvent } from '../../src/training/protocol';
import type { ResumeRequest } from '../../src/training/resume';
import { trainRun } from '../../src/training/run';
import { appendEvent, createRunFolder, openRunFolder, readEvents } from '../../src/training/run-folder';
import { temporaryFolder } from './fake-run';

const sample = resolve(__dirname, '..', '..', 'media', 'sample');
const folder = temporaryFolder();
afterAll(() => folder.remove());

const file = (name: string, count: number): string => {
  const path = join(folder.path, name);
  const lines = readFileSync(join(sample, name), 'utf8').split('\n').slice(0, count);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const validationFile = file('validation.jsonl', 3);
const NEW_TOKENS = 10;
const settings = {
  model: join(sample, 'base'),
  train_file: file('train.jsonl', 12),
  validation_file: validationFile,
  max_length: 384,
  batch_size: 2,
  gradient_accumulation_steps: 1,
  learning_rate: 0.01,
  warmup_steps: 0,
  max_steps: 4,
  eval_steps: 2,
  save_steps: 1,
  threads: 1,
  device: 'cpu',
};
const asking = { eval_metrics: ['f1', 'rougeL', 'exact_match'], eval_max_new_tokens: NEW_TOKENS };

/** Trains as the trainer process does; asks to stop once `stops` is told of an event. */
async function train(
  path: string,
  resume?: ResumeRequest,
  stops: (event: EventBody) => boolean = () => false,
): Promise<void> {
  const run = openRunFolder(path);
  let stop = false;
  const report = (body: EventBody): void => {
    stop ||= stops(body);
    appendEvent(run, { v: 1, time: new Date().toISOString(), ...body } as TrainerEvent);
  };
  await trainRun(run, report, () => stop, resume);
}
const create = (name: string, more: Record<string, unknown>): string =>
  createRunFolder(folder.path, name, { ...settings, output_dir: folder.path, ...more }, new Date()).path;
const evaluations = (path: string): EvaluationEvent[] =>
  readEvents(path).filter((event) => event.type === 'evaluation');
const adapter = (path: string): Buffer => readFileSync(join(path, 'adapter', 'adapter_model.safetensors'));
const answersOf = (path: string): unknown[] =>
  evaluations(path).map(({ step, metrics, samples, answers }) => ({ step, metrics, samples, answers }));

let whole: string;
beforeAll(async () => {
  whole = create('whole', { ...asking, lora_dropout: 0.1 });
  await train(whole);
});

describe('answers to validation records', () => {
  it('are those that the trained weights write afterwards, and so are the metrics', async () => {
    const last = evaluations(whole).at(-1)!;
    expect(last).toMatchObject({ step: 4, answers: 3 });
    const { tuned } = openSubjects(whole);
    const limits = { maxLength: 384, contextLength: 512, format: 'auto', seed: 0 } as const;
    const { rows } = readEvaluationData(validationFile, tuned!.checked, limits);
    const scratchFolder = mkdtempSync(join(folder.path, 'scratch-'));
    const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: false });
    const session = await openSubjectSession(tuned!, { engine, maxLength: 512, scratchFolder });
    const answers = await answerGreedily(
      session,
      rows.map(({ promptTokens }) => promptTokens!),
      { maxNewTokens: NEW_TOKENS, batchSize: 1, onProgress: () => undefined },
    );
    await session.dispose();
    rmSync(scratchFolder, { recursive: true });
    // What was exported.
    expect(evaluations(whole).findLast(({ best }) => best)?.step).toBe(4);
    expect(last.samples).toEqual(
      rows.map(({ line, prompt, reference }, i) => ({ line, prompt, reference, answer: answers[i]!.text })),
    );
    const texts = rows.map(({ reference }, i) => ({ prediction: answers[i]!.text, references: [reference] }));
    expect(last.metrics).toEqual(
      Object.fromEntries(
        METRICS.flatMap(({ id, tally }) => (asking.eval_metrics.includes(id) ? [[id, tally!(texts).score()]] : [])),
      ),
    );
  });

  it('change nothing of the training', async () => {
    const silent = create('silent', { lora_dropout: 0.1 });
    await train(silent);
    expect(adapter(silent).equals(adapter(whole))).toBe(true);
    expect(evaluations(silent).map(({ step, loss }) => [step, loss])).toEqual(
      evaluations(whole).map(({ step, loss }) => [step, loss]),
    );
    expect(answersOf(silent)[0]).not.toHaveProperty('metrics', expect.anything());
  });

  it('are the same in a run that was stopped and resumed', async () => {
    const parts = create('parts', { ...asking, lora_dropout: 0.1 });
    await train(parts, undefined, (event) => event.type === 'metrics' && event.step === 3);
    await train(parts, {});
    expect(answersOf(parts)).toEqual(answersOf(whole));
    expect(adapter(parts).equals(adapter(whole))).toBe(true);
  });

  it('are given up when the run is asked to stop', async () => {
    const stopped = create('stopped', asking);
    await train(stopped, undefined, (event) => event.type === 'progress' && event.unit === 'answers');
    const events = readEvents(stopped);
    expect(evaluations(stopped).map(({ step, metrics }) => [step, metrics])).toEqual([[0, undefined]]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'answers-interrupted' }));
    expect(events.at(-1)).toMatchObject({ type: 'stopped', step: 0 });
  });

  it.each([
    ['little memory', { memory: 'low' }],
    ['a base in 4 bits', { method: 'qlora' }],
    ['all weights', { method: 'full', learning_rate: 1e-3 }],
  ])('are written with %s', async (_, more) => {
    const path = create(String(Object.values(more)[0]), { ...asking, max_steps: 1, eval_steps: 1, ...more });
    await train(path);
    expect(evaluations(path).map(({ step, answers }) => [step, answers])).toEqual([
      [0, 3],
      [1, 3],
    ]);
    for (const { metrics } of evaluations(path))
      expect(Object.keys(metrics!).sort()).toEqual([...asking.eval_metrics].sort());
  });
});
