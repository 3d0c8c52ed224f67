/** How a run is paused, and what ends it before its last step. */
import { describe, expect, it } from 'vitest';
import { type LoopResult, trainingLoop } from '../../src/training/loop';
import { setUp, steps } from './small-loop';

describe('a pause', () => {
  it('comes after a step, and saves it', async () => {
    let clock = 0;
    let asked = false;
    const { events, saved, options } = setUp({ max_steps: 6, save_steps: 6 });
    const { session } = options;
    const result = await trainingLoop({
      ...options,
      now: () => clock,
      session: {
        ...session,
        forwardBackward: (...batch) => {
          clock += 10;
          return session.forwardBackward(...batch);
        },
      },
      report: (event) => {
        options.report(event);
        asked ||= event.type === 'metrics' && event.step === 3;
      },
      pause: {
        requested: () => asked && saved.length === 0,
        over: async () => {
          expect(saved).toEqual([3]);
        },
        waited: () => 0,
      },
    });
    expect(events.slice(2, 6).map((e) => [e.type, 'step' in e && e.step])).toEqual([
      ['metrics', 3],
      ['paused', 3],
      ['continued', 3],
      ['metrics', 4],
    ]);
    // Windows of 2, 2 and 1 batches of 10 ms: 4 steps took 70 ms.
    expect(events[5]).toMatchObject({ tokensPerSecond: 12 / 0.02, secondsLeft: (0.07 / 4) * 2 });
    expect(result).toMatchObject({ outcome: 'completed', step: 6 });
    expect(saved).toEqual([3, 6]);
  });

  it('ends with a stop as well', async () => {
    let stop = false;
    const over = async (): Promise<void> => void (stop = true);
    const pause = { requested: () => !stop, over, waited: () => 0 };
    const { events, options } = setUp({}, { pause, stopRequested: () => stop });
    expect(await trainingLoop(options)).toMatchObject({ outcome: 'stopped', step: 0 });
    expect(events).toEqual([{ type: 'paused', step: 0 }]);
  });
});

describe('early stopping', () => {
  /** Evaluates every step; `losses` begins with that of the base model. */
  const run = async (losses: readonly (number | null)[], settings: object, from?: LoopResult) => {
    const evaluate = async (step: number) => ({
      loss: losses[step]!,
      perplexity: 1,
      tokenAccuracy: 1,
      trainedTokens: 1,
    });
    const { saved, events, options } = setUp(
      { max_steps: losses.length - 1, eval_steps: 1, save_steps: 100, ...settings },
      { evaluate, ...(from && { resume: { progress: from, best: from.best } }) },
    );
    return { result: await trainingLoop(options), saved, events };
  };

  it('ends the run after so many evaluations without improvement, saved, with the best weights', async () => {
    // The base model's loss counts for nothing.
    const { result, saved, events } = await run([1, 5, 4, 4.5, 3, 3.5, 3, 2, 1], { early_stopping_patience: 2 });
    expect(result).toMatchObject({ outcome: 'early', step: 6, bestStep: 4, bestLoss: 3 });
    expect(result.best!.get('w')).toBeDefined();
    expect(saved).toEqual([1, 2, 4, 6]);
    expect(steps(events)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('counts an improvement by the threshold, from the best loss, which may fall by less', async () => {
    const settings = { early_stopping_patience: 2, early_stopping_threshold: 0.5 };
    // 0.4 below the best is none, nor is 0.4 below the new best.
    expect((await run([9, 5, 4.6, 4.2, 1], settings)).result).toMatchObject({ step: 3, bestStep: 3, outcome: 'early' });
    expect((await run([9, 5, 4.6, 4.0, 3.9, 1], settings)).result).toMatchObject({ outcome: 'completed', step: 5 });
  });

  it('takes a loss that is no number for no improvement, and is off without a patience', async () => {
    const losses = [9, 5, null, null, 1];
    expect((await run(losses, { early_stopping_patience: 2 })).result).toMatchObject({ outcome: 'early', step: 3 });
    expect((await run(losses, {})).result).toMatchObject({ outcome: 'completed', bestStep: 4 });
  });

  it('goes on counting in a resumed run, which makes no step when it had ended already', async () => {
    const losses = [9, 5, 6, 7, 8, 1];
    const { result: part } = await run(losses.slice(0, 3), { early_stopping_patience: 3 });
    expect(part).toMatchObject({ step: 2, evaluationsWithoutImprovement: 1 });
    const { result, events } = await run(losses, { early_stopping_patience: 3 }, part);
    expect(result).toMatchObject({ outcome: 'early', step: 4 });
    expect(steps(events)).toEqual([3, 4]);
    const again = await run(losses, { early_stopping_patience: 3 }, result);
    expect([again.result.outcome, again.events]).toEqual(['early', []]);
  });
});

describe('a loss that explodes', () => {
  /** Per step (2, 2 and 1 batches of 4 tokens): the mean over the tokens, before it is summed. */
  const run = (losses: readonly number[], settings: object = {}, from?: LoopResult) => {
    let call = 0;
    const batches = losses.flatMap((loss, i) => (i % 3 === 2 ? [loss] : [loss, loss]));
    const { saved, events, options } = setUp(
      { max_steps: losses.length, save_steps: 1, ...settings },
      from ? { resume: { progress: from, best: undefined } } : {},
      () => 4 * batches[call++]!,
    );
    return { end: trainingLoop(options), saved, events };
  };

  it('ends the run when it stays far above its start, and keeps the checkpoint from before', async () => {
    const { end, saved, events } = run([2, 1.9, 5.1, 5.2, 5.3, 5.4]);
    await expect(end).rejects.toMatchObject({
      code: 'loss-exploded',
      exitCode: 1,
      message:
        'Step 5: the loss is 5.30. It began at 2.00 and has been far above for 3 steps, so the weights are spoilt.',
      hint: 'The checkpoint of step 2 is kept, but it has the weights that this began with; an earlier one may be good. Start again with a lower learning_rate (0.2, a third of it) or more warmup_steps.',
    });
    expect(saved).toEqual([1, 2]);
    expect(steps(events)).toEqual([1, 2, 3, 4, 5]);
    await expect(run([2, 1.9, 1.8, 5.1, 5.2, 5.3], { save_steps: 2 }).end).rejects.toMatchObject({
      hint: expect.stringMatching(/^The checkpoint of step 2, from before, is kept\. Start/) as string,
    });
  });

  it.each([
    ['jumps now and then', [2, 9, 9, 1, 9, 9, 1]],
    ['is twice what it was, but near', [0.5, 3.4, 3.4, 3.4, 3.4]],
    ['is far off, but not twice what it was', [8, 15, 15, 15, 15]],
  ])('is not one that %s', async (_, losses) => {
    expect(await run(losses).end).toMatchObject({ outcome: 'completed', step: losses.length });
  });

  it('is warned of when it stays above its start, once', async () => {
    const { end, events } = run([2, 3.2, 3.2, 3.2, 3.2, 3.2, 1, 3.2]);
    await end;
    expect(events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        code: 'loss-raised',
        message: 'Step 4: the loss is 3.20. It began at 2.00 and has been above for 3 steps.',
        hint: expect.stringContaining('lower learning_rate') as string,
      },
    ]);
  });

  it('waits for a tenth of a longer run, and takes the mean of the warm-up for the start', async () => {
    const long = [2, 4, ...Array.from({ length: 58 }, () => 7)];
    await expect(run(long, { warmup_steps: 2 }).end).rejects.toMatchObject({
      message: expect.stringMatching(/^Step 8: .* began at 3\.00 .* 6 steps/) as string,
    });
    // What explodes in the warm-up does not raise the start.
    await expect(run([2, 4, 9, 9, 9, 9, 9, 9, 9, 9, 9], { warmup_steps: 8 }).end).rejects.toMatchObject({
      message: expect.stringMatching(/began at 3\.00 /) as string,
    });
    const { end } = run([2, 4, ...Array.from({ length: 58 }, () => 5.9)], { warmup_steps: 2 });
    expect(await end).toMatchObject({ outcome: 'completed', startingLoss: 3 });
  });
});
