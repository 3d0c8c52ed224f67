/** Runs of the sample model that are stopped and resumed, against one that was never interrupted. */
import { appendFileSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../src/training/protocol';
import { requireResumable, resumableSteps, type ResumeRequest } from '../../src/training/resume';
import { trainRun } from '../../src/training/run';
import { appendEvent, createRunFolder, openRunFolder, readEvents, summarizeRun } from '../../src/training/run-folder';
import { readSafetensorsHeader } from '../../src/training/weights/safetensors';
import { readFloats } from '../../src/training/weights/tensor-info';
import { temporaryFolder } from './fake-run';

const sample = resolve(__dirname, '..', '..', 'media', 'sample');
const folder = temporaryFolder();
afterAll(() => folder.remove());

const trainFile = join(folder.path, 'train.jsonl');
const validationFile = join(folder.path, 'validation.jsonl');
const lines = (name: string, count: number): string =>
  `${readFileSync(join(sample, name), 'utf8').split('\n').slice(0, count).join('\n')}\n`;
writeFileSync(trainFile, lines('train.jsonl', 18));
writeFileSync(validationFile, lines('validation.jsonl', 4));

/** 5 steps an epoch, the last one of a single batch: 20 steps are 4 epochs, and step 7 is inside the second. */
const common = {
  model: join(sample, 'base'),
  train_file: trainFile,
  validation_file: validationFile,
  max_length: 384,
  batch_size: 2,
  gradient_accumulation_steps: 2,
  max_steps: 20,
  eval_steps: 3,
  save_steps: 5,
  warmup_steps: 4,
  threads: 1,
  device: 'cpu',
  output_dir: folder.path,
};
const lora = { ...common, lora_dropout: 0.1, learning_rate: 0.01, save_total_limit: 20 };
const every = {
  ...lora,
  learning_rate: 0.002,
  use_dora: true,
  use_rslora: true,
  loraplus_lr_ratio: 4,
  neftune_noise_alpha: 5,
  label_smoothing_factor: 0.1,
};
const full = { ...common, method: 'full', learning_rate: 0.002, weight_decay: 0.01 };

/** Trains as the trainer process does; `stopAfter` asks to stop once that step is reported. */
async function train(path: string, resume?: ResumeRequest, stopAfter = Infinity): Promise<void> {
  const run = openRunFolder(path);
  let stop = false;
  await trainRun(
    run,
    (body) => {
      stop ||= body.type === 'metrics' && body.step >= stopAfter;
      appendEvent(run, { v: 1, time: new Date().toISOString(), ...body } as TrainerEvent);
    },
    () => stop,
    resume,
  );
}
const create = (name: string, settings: Record<string, unknown>): string =>
  createRunFolder(folder.path, name, settings, new Date()).path;

/** The losses, norms and rates of the steps, the later of those that are repeated. */
function numbers(path: string): Map<number, readonly (number | null)[]> {
  const found = new Map<number, readonly (number | null)[]>();
  for (const event of readEvents(path))
    if (event.type === 'metrics')
      found.set(event.step, [event.loss, event.gradientNorm, event.learningRate, event.epoch, event.trainedTokens]);
  return found;
}
const evaluations = (path: string): Map<number, number | null> =>
  new Map(readEvents(path).flatMap((event) => (event.type === 'evaluation' ? [[event.step, event.loss]] : [])));
const weights = (path: string): Buffer =>
  readFileSync(
    existsSync(join(path, 'model'))
      ? join(path, 'model', 'model.safetensors')
      : join(path, 'adapter', 'adapter_model.safetensors'),
  );
const saved = (path: string, step: number, file: string): Buffer =>
  readFileSync(join(path, 'checkpoints', `step-${String(step).padStart(6, '0')}`, file));

const tensors = (file: string): Map<string, Float32Array> =>
  new Map([...readSafetensorsHeader(file).tensors.values()].map((info) => [info.name, readFloats(info)]));

function expectEqual(resumed: string, whole: string): void {
  const wanted = numbers(whole);
  expect([...numbers(resumed).keys()].sort((a, b) => a - b)).toEqual([...wanted.keys()]);
  for (const [step, values] of numbers(resumed))
    values.forEach((value, i) => expect(value, `step ${step}, number ${i}`).toBe(wanted.get(step)![i]));
  expect(evaluations(resumed)).toEqual(evaluations(whole));
  expect(weights(resumed).equals(weights(whole))).toBe(true);
  const last = numbers(whole).size;
  for (const file of ['adapter.safetensors', 'optimizer.safetensors', 'state.json'])
    expect(saved(resumed, last, file).equals(saved(whole, last, file)), file).toBe(true);
}

describe.each([
  ['LoRA with dropout', lora],
  ['DoRA with all that can be added', every],
  ['QLoRA', { ...lora, method: 'qlora' }],
  ['all weights', full],
])('a resumed run (%s)', (name, settings) => {
  let whole: string;
  let run: string;
  beforeAll(async () => {
    whole = create(`${name} whole`, settings);
    await train(whole);
    run = create(`${name} resumed`, settings);
    await train(run, undefined, 7);
  }, 60_000);

  it('makes the steps that are left exactly as if it had never been stopped', async () => {
    expect(await summarizeRun(run)).toMatchObject({ state: 'stopped', lastStep: 7 });
    expect(resumableSteps(run).at(-1)).toBe(7);
    await train(run, {});
    expectEqual(run, whole);
    const starts = readEvents(run).flatMap((event) => (event.type === 'started' ? [event.resumedFrom] : []));
    expect(starts).toEqual([undefined, 7]);
    const [summary, expected] = [await summarizeRun(run), await summarizeRun(whole)];
    expect(summary).toMatchObject({ state: 'completed', lastStep: 20, lastLoss: expected.lastLoss });
    expect(summary.bestValidationLoss).toBe(expected.bestValidationLoss);
  });
});

describe('resume', () => {
  let run: string;
  beforeAll(async () => {
    run = create('stopped', lora);
    await train(run, undefined, 7);
  }, 60_000);
  const copy = (name: string): string => {
    const path = join(folder.path, name);
    cpSync(run, path, { recursive: true });
    return path;
  };
  const refusal = async (path: string, request: ResumeRequest = {}): Promise<unknown> =>
    requireResumable(await summarizeRun(path), request).catch((error: unknown) => error);

  it('goes on from an earlier checkpoint and removes the later ones', async () => {
    const path = copy('earlier');
    await train(path, { checkpoint: 5 }, 6);
    expect(resumableSteps(path).filter((step) => step > 5)).toEqual([6]);
    const before = numbers(run);
    expect(numbers(path).get(6)).toEqual(before.get(6));
    expect(await summarizeRun(path)).toMatchObject({ state: 'stopped', lastStep: 6 });
  });

  it('keeps the weights of the best evaluation from before, and the numbers of the schedule', async () => {
    const path = copy('best');
    const file = join(path, 'checkpoints', 'step-000007', 'state.json');
    const state = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(state['bestStep']).toBe(6);
    // No later evaluation can be better.
    writeFileSync(file, JSON.stringify({ ...state, bestLoss: 0 }));
    await train(path, { maxSteps: 9 });
    const final = readEvents(path).at(-1);
    expect(final).toMatchObject({ type: 'completed', step: 9, metrics: { bestStep: 6, validationLoss: 0 } });
    const kept = tensors(join(path, 'adapter', 'adapter_model.safetensors'));
    expect(kept).toEqual(tensors(join(path, 'checkpoints', 'step-000006', 'adapter.safetensors')));
    expect(kept).not.toEqual(tensors(join(path, 'checkpoints', 'step-000009', 'adapter.safetensors')));
    expect(openRunFolder(path).run.settings).toMatchObject({ max_steps: 9, warmup_steps: 4, save_steps: 5 });
  });

  it('begins again where nothing was saved', async () => {
    const path = copy('nothing');
    rmSync(join(path, 'checkpoints'), { recursive: true });
    await train(path, {}, 2);
    expect(numbers(path).get(2)).toEqual(numbers(run).get(2));
    expect(await summarizeRun(path)).toMatchObject({ state: 'stopped', lastStep: 2 });
  });

  it('refuses changed data, names it, and goes on when forced', async () => {
    const path = copy('changed');
    const text = readFileSync(trainFile, 'utf8');
    try {
      expect(await refusal(path)).toBeUndefined();
      appendFileSync(trainFile, lines('test.jsonl', 2));
      expect(await refusal(path)).toMatchObject({ code: 'data-changed', exitCode: 2 });
      await expect(refusal(path)).resolves.toHaveProperty('message', expect.stringContaining(trainFile));
      await expect(train(path, {})).rejects.toMatchObject({ code: 'data-changed' });
      expect(await refusal(path, { force: ['data-changed'] })).toBeUndefined();
      await train(path, { force: ['data-changed'] }, 8);
      // From now on the new data is that of the run.
      expect(await refusal(path)).toBeUndefined();
      rmSync(trainFile);
      expect(await refusal(path)).toMatchObject({ code: 'data-unreadable', exitCode: 2 });
    } finally {
      writeFileSync(trainFile, text);
    }
  });

  it('continues on another device where its own is gone', async () => {
    const path = copy('device');
    const file = join(path, 'run.json');
    // Only builds of ONNX Runtime for Windows have DirectML.
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"device": "cpu"', '"device": "dml"'));
    await expect(train(path, {})).rejects.toMatchObject({
      code: 'device-unavailable',
      hint: expect.stringContaining('fine-tune resume RUN --device cpu') as string,
    });
    await train(path, { device: 'cpu' }, 8);
    const warnings = readEvents(path).flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toContain('The run began on dml and continues on cpu.');
    const { settings, device } = openRunFolder(path).run;
    expect([settings?.['device'], device]).toEqual(['cpu', { name: 'cpu', reason: null }]);
    expect(resumableSteps(path).at(-1)).toBe(8);
  });

  it('refuses another model, whatever is forced', async () => {
    const path = copy('model');
    const file = join(path, 'run.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/("model": ")[0-9a-f]{64}/, `$1${'0'.repeat(64)}`));
    expect(await refusal(path, { force: ['data-changed'] })).toMatchObject({ code: 'model-changed', exitCode: 2 });
  });

  it.each([
    ['a run that is completed', { state: 'completed' as const }, {}, 'run-completed'],
    ['a run whose trainer lives', { state: 'running' as const }, {}, 'run-in-use'],
    ['a run that is paused', { state: 'paused' as const }, {}, 'run-in-use'],
    ['a checkpoint that is not there', {}, { checkpoint: 4 }, 'no-checkpoint'],
    ['a run that would be over', {}, { maxSteps: 7 }, 'max-steps-reached'],
  ])('refuses %s', async (_, state, request, code) => {
    const summary = { ...(await summarizeRun(run)), ...state };
    await expect(requireResumable(summary, request)).rejects.toMatchObject({ code, exitCode: 2 });
  });

  it('refuses a checkpoint of another format, and one that is damaged, with the others that there are', async () => {
    const path = copy('damaged');
    const checkpoint = join(path, 'checkpoints', 'step-000007');
    const state = readFileSync(join(checkpoint, 'state.json'), 'utf8');
    writeFileSync(join(checkpoint, 'state.json'), state.replace(/"version": \d+/, '"version": 1'));
    expect(await refusal(path)).toMatchObject({ code: 'checkpoint-version', exitCode: 2 });
    writeFileSync(join(checkpoint, 'state.json'), state.slice(0, 20));
    expect(await refusal(path)).toMatchObject({ code: 'checkpoint-damaged', hint: expect.stringContaining('5') });
    writeFileSync(join(checkpoint, 'state.json'), state);
    writeFileSync(join(checkpoint, 'adapter.safetensors'), 'cut');
    await expect(train(path, {})).rejects.toMatchObject({ code: 'checkpoint-damaged' });
  });

  it('goes on without the weights of the best evaluation when they are lost and that is forced', async () => {
    const path = copy('best lost');
    const best = join(path, 'checkpoints', 'step-000006', 'adapter.safetensors');
    writeFileSync(best, 'cut');
    await expect(train(path, {})).rejects.toMatchObject({ code: 'best-damaged', exitCode: 2 });
    await train(path, { force: ['best-damaged'] }, 10);
    const state = JSON.parse(saved(path, 10, 'state.json').toString()) as Record<string, unknown>;
    expect(state['bestStep']).toBe(9);
    expect(numbers(path).get(8)).toBeDefined();
    expect(openRunFolder(path).run.settings?.['force']).toEqual([]);
  });

  it('takes no folder without COMPLETE for a checkpoint, and clears what a kill left over', async () => {
    const path = copy('left-over');
    const checkpoints = join(path, 'checkpoints');
    cpSync(join(checkpoints, 'step-000007'), join(checkpoints, 'step-000009'), { recursive: true });
    rmSync(join(checkpoints, 'step-000009', 'COMPLETE'));
    cpSync(join(checkpoints, 'step-000007'), join(checkpoints, 'step-000008.partial'), { recursive: true });
    expect(resumableSteps(path).at(-1)).toBe(7);
    await train(path, {}, 7);
    const names = readdirSync(checkpoints).map((name) => basename(name));
    expect(names).not.toContain('step-000009');
    expect(names).not.toContain('step-000008.partial');
  });
});
