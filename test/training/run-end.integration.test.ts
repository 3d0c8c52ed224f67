/** Real runs that end before their last step: the loss explodes, or the validation loss does not improve any more. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkpointSteps } from '../../src/training/checkpoint';
import type { TrainerEvent } from '../../src/training/protocol';
import type { ResumeRequest } from '../../src/training/resume';
import { trainRun } from '../../src/training/run';
import { appendEvent, openRunFolder, readEvents, summarizeRun } from '../../src/training/run-folder';
import { temporaryFolder } from './fake-run';
import { create, expectSameRun, expectUsable, settingsFor } from './trainer-process';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Trains as the trainer process does; `stopAfter` asks to stop once that step is reported. */
async function train(path: string, resume?: ResumeRequest, stopAfter = Infinity): Promise<void> {
  const run = openRunFolder(path);
  let stop = false;
  const report = (body: object): void => {
    const event = { v: 1, time: new Date().toISOString(), ...body } as TrainerEvent;
    stop ||= event.type === 'metrics' && event.step >= stopAfter;
    appendEvent(run, event);
  };
  await trainRun(run, report, () => stop, resume);
}
const losses = (path: string): (number | null)[] =>
  readEvents(path).flatMap((event) => (event.type === 'metrics' ? [event.loss] : []));

describe('a learning rate that is far too high', () => {
  const wild = (method: 'lora' | 'full'): string =>
    create(
      {
        ...settingsFor(folder.path, method),
        learning_rate: 1,
        lr_scheduler: 'constant',
        warmup_steps: 0,
        force: ['learning-rate'],
      },
      'wild',
    );

  it('ends the run as failed, and the checkpoint from before is kept and named', async () => {
    const path = wild('full');
    const error = await train(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'loss-exploded', exitCode: 1 });
    const [first, ...rest] = losses(path).map(Number);
    // The first update spoils all weights; three steps show it.
    expect(rest).toHaveLength(3);
    expect(Math.min(...rest)).toBeGreaterThan(2 * first!);
    expect(error).toHaveProperty('hint', expect.stringContaining('The checkpoint of step 1 is kept'));
    expect(error).toHaveProperty('hint', expect.stringContaining('lower learning_rate (0.3, a third of it)'));
    expect(checkpointSteps(join(path, 'checkpoints'))).toEqual([1]);
    expect(expectUsable(path)).toBe(1);
  });

  it('is warned of where norms keep the loss from exploding', async () => {
    const path = wild('lora');
    await train(path);
    const codes = readEvents(path).flatMap((event) => (event.type === 'warning' ? [event.code] : []));
    expect(codes).toContain('loss-raised');
  });
});

describe('early stopping', () => {
  it('ends the run with the best weights, also when it was stopped and resumed in between', async () => {
    const settings = {
      ...settingsFor(folder.path, 'lora'),
      early_stopping_patience: 2,
      early_stopping_threshold: 0.4,
      eval_steps: 2,
      max_steps: 40,
      save_total_limit: 40,
    };
    const whole = create(settings, 'whole');
    await train(whole);
    const final = readEvents(whole).at(-1);
    expect(final).toMatchObject({ type: 'completed', stoppedEarly: true });
    const { lastStep, bestValidationLoss } = await summarizeRun(whole);
    expect(lastStep).toBeLessThan(40);
    const best = final?.type === 'completed' ? final.metrics.bestStep! : 0;
    const evaluations = readEvents(whole).flatMap((e) => (e.type === 'evaluation' && e.step > 0 ? [e] : []));
    expect(evaluations.find(({ step }) => step === best)?.loss).toBe(bestValidationLoss);
    // The last two were no improvement by the threshold on the best one before each of them.
    const before = (count: number): number => Math.min(...evaluations.slice(0, -count).map(({ loss }) => loss!));
    for (const count of [1, 2]) expect(evaluations.at(-count)!.loss).toBeGreaterThan(before(count) - 0.4);

    const path = create(settings, 'resumed');
    // One evaluation without improvement is counted already.
    await train(path, undefined, lastStep - 1);
    const state = (step: number): string =>
      readFileSync(join(path, 'checkpoints', `step-${String(step).padStart(6, '0')}`, 'state.json'), 'utf8');
    expect(JSON.parse(state(lastStep - 1))).toMatchObject({ evaluationsWithoutImprovement: 1 });
    await train(path, {});
    expectSameRun(path, whole);
    expect(readEvents(path).at(-1)).toMatchObject({ type: 'completed', stoppedEarly: true, step: lastStep });
  });
});

describe('auto_find_batch_size', () => {
  it('takes one large batch a step, which a resumed run keeps', async () => {
    const small = { batch_size: 1, gradient_accumulation_steps: 4, max_steps: 3 };
    const settings = { ...settingsFor(folder.path, 'lora'), lora_dropout: 0 };
    const path = create({ ...settings, ...small, auto_find_batch_size: true }, 'batch');
    await train(path, undefined, 1);
    expect(openRunFolder(path).run.settings).toMatchObject({ batch_size: 4, gradient_accumulation_steps: 1 });
    await train(path, {});
    const found = create({ ...settings, ...small, batch_size: 4, gradient_accumulation_steps: 1 }, 'given');
    await train(found);
    expect(losses(path)).toEqual(losses(found));
    expect(losses(path)).toHaveLength(3);
  });
});
