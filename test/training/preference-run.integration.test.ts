/** Preference runs of the sample model, as the trainer process makes them. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../src/training/protocol';
import type { ResumeRequest } from '../../src/training/resume';
import { trainRun } from '../../src/training/run';
import { appendEvent, createRunFolder, openRunFolder, readEvents } from '../../src/training/run-folder';
import { temporaryFolder } from './fake-run';

const sample = resolve(__dirname, '..', '..', 'media', 'sample');
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** The record's own answer is to be preferred to that of another record. */
function pairs(name: string, count: number): string {
  const records = readFileSync(join(sample, name), 'utf8')
    .split('\n')
    .slice(0, count)
    .map((line) => JSON.parse(line) as { messages: { role: string; content: string }[] });
  const file = join(folder.path, name);
  const lines = records.map(({ messages }, i) =>
    JSON.stringify({
      prompt: messages.slice(0, -1),
      chosen: [messages.at(-1)],
      rejected: [records[(i + 1) % count]!.messages.at(-1)],
    }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const common = {
  model: join(sample, 'base'),
  train_file: pairs('train.jsonl', 8),
  validation_file: pairs('validation.jsonl', 2),
  objective: 'dpo',
  max_length: 256,
  batch_size: 2,
  gradient_accumulation_steps: 2,
  max_steps: 5,
  eval_steps: 5,
  save_steps: 100,
  warmup_steps: 1,
  threads: 1,
  device: 'cpu',
  output_dir: folder.path,
};

/** Trains; `stopAfter` asks to stop once that step is reported, 0 as soon as the reference is begun. */
async function train(path: string, resume?: ResumeRequest, stopAfter = Infinity): Promise<TrainerEvent[]> {
  const run = openRunFolder(path);
  let stop = false;
  await trainRun(
    run,
    (body) => {
      stop ||= body.type === 'metrics' && body.step >= stopAfter;
      stop ||= stopAfter === 0 && body.type === 'progress' && body.phase === 'reference';
      appendEvent(run, { v: 1, time: new Date().toISOString(), ...body } as TrainerEvent);
    },
    () => stop,
    resume,
  );
  return readEvents(path);
}
const create = (name: string, settings: Record<string, unknown>): string =>
  createRunFolder(folder.path, name, settings, new Date()).path;

const numbers = (events: readonly TrainerEvent[]): unknown[] =>
  events.flatMap((event) =>
    event.type === 'metrics' || event.type === 'evaluation'
      ? [[event.type, event.step, event.loss, event.rewards, event.trainedTokens]]
      : [],
  );

describe.each([
  ['LoRA', 'kept', { ...common, lora_dropout: 0.1, learning_rate: 3e-3 }],
  ['all weights', 'lost', { ...common, method: 'full', learning_rate: 1e-4, max_steps: 3, eval_steps: 3 }],
] as const)('DPO with %s', (name, reference, settings) => {
  let whole: TrainerEvent[];
  beforeAll(async () => {
    whole = await train(create(name, settings));
  }, 60_000);

  it('begins at ln 2 without rewards, and learns to prefer', () => {
    const [before, ...evaluations] = whole.filter((event) => event.type === 'evaluation');
    expect(before!.loss).toBeCloseTo(Math.LN2, 5);
    expect(before!.rewards!.margins).toBeCloseTo(0, 4);
    expect(before!.perplexity).toBeNull();
    expect(evaluations.at(-1)!.loss).toBeLessThan(Math.LN2);
    expect(evaluations.at(-1)!.rewards!.margins).toBeGreaterThan(0);
    expect(whole.at(-1)).toMatchObject({ type: 'completed', metrics: { bestStep: settings.max_steps } });
  });

  it(`goes on exactly as if it had never been stopped, the reference being ${reference}`, async () => {
    const run = create(`${name} resumed`, settings);
    await train(run, undefined, 2);
    const file = join(run, 'reference.json');
    const before = readFileSync(file);
    if (reference === 'lost') rmSync(file);
    expect(numbers(await train(run, {}))).toEqual(numbers(whole));
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

describe('a preference run', () => {
  it('can be stopped while the reference is made', async () => {
    const run = create('stopped', common);
    const events = await train(run, undefined, 0);
    expect(events.at(-1)).toMatchObject({ type: 'stopped', step: 0, checkpoint: null, adapter: null });
    expect(events.some((event) => event.type === 'evaluation')).toBe(false);
  });

  it('is refused when its starting adapter has changed and is needed again', async () => {
    const settings = { ...common, validation_file: null };
    const first = create('first', { ...settings, max_steps: 1, warmup_steps: 0 });
    await train(first);
    const adapter = join(first, 'adapter');
    const continued = { ...settings, adapter, max_steps: 3 };
    const changed = { code: 'adapter-changed', exitCode: 2, message: expect.stringContaining(adapter) };

    const [begun, saved] = [create('begun', continued), create('saved', continued)];
    await train(begun, undefined, 0);
    await train(saved, undefined, 1);
    const file = join(adapter, 'adapter_model.safetensors');
    const weights = readFileSync(file);
    weights[weights.length - 1]! ^= 0x80;
    writeFileSync(file, weights);
    await expect(train(begun, {})).rejects.toMatchObject(changed);
    expect((await train(saved, {}, 2)).at(-1)).toMatchObject({ type: 'stopped', step: 2 });
    rmSync(join(saved, 'reference.json'));
    await expect(train(saved, {})).rejects.toMatchObject(changed);
  }, 30_000);
});
