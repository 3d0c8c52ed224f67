import { describe, expect, it } from 'vitest';
import type { Batch, RowBatch } from '../../src/training/batches';
import { type LoopOptions, trainingLoop } from '../../src/training/loop';
import type { Pair } from '../../src/training/preference';
import { setUp, steps } from './small-loop';

describe('the training loop', () => {
  it('makes the wanted steps; a short last window ends an epoch', async () => {
    const { events, options } = setUp({ max_steps: 6 });
    const result = await trainingLoop(options);
    expect(steps(events)).toEqual([1, 2, 3, 4, 5, 6]);
    const epochs = events.flatMap((e) => (e.type === 'metrics' ? [e.epoch] : []));
    // 5 batches an epoch: windows of 2, 2 and 1.
    expect(epochs).toEqual([0.4, 0.8, 1, 1.4, 1.8, 2]);
    expect(result).toMatchObject({ outcome: 'completed', step: 6, trainedTokens: 40 });
    expect(options.parameters[0]!.data[0]).toBeGreaterThan(1);
  });

  it('reports the loss of the window as the mean over its trained tokens', async () => {
    const { events, options } = setUp({ max_steps: 1 }, {}, (call) => [4, 20][call]!);
    await trainingLoop(options);
    expect(events[0]).toMatchObject({ type: 'metrics', loss: 24 / 8 });
  });

  it('saves every save_steps and at the end, and evaluates before, during and at the end', async () => {
    const evaluated: number[] = [];
    const evaluate = async (step: number) => {
      evaluated.push(step);
      return { loss: 5 - step, perplexity: 1, tokenAccuracy: 1, trainedTokens: 1 };
    };
    const { saved, events, options } = setUp({ max_steps: 5, save_steps: 2, eval_steps: 3 }, { evaluate });
    const result = await trainingLoop(options);
    expect(evaluated).toEqual([0, 3, 5]);
    // Every best evaluation is saved besides.
    expect(saved).toEqual([2, 3, 4, 5]);
    expect(result.bestStep).toBe(5);
    expect(events.flatMap((e) => (e.type === 'evaluation' ? [e.best] : []))).toEqual([false, true, true]);
  });

  it('keeps the weights of the best evaluation', async () => {
    const evaluate = async (step: number) => ({
      loss: Math.abs(step - 2),
      perplexity: 1,
      tokenAccuracy: 1,
      trainedTokens: 1,
    });
    const { options } = setUp({ max_steps: 4, eval_steps: 1, save_steps: 100 }, { evaluate });
    const result = await trainingLoop(options);
    expect(result.bestStep).toBe(2);
    expect(result.best!.get('w')![0]).not.toBe(options.parameters[0]!.data[0]);
  });

  it('finishes the step and saves when asked to stop', async () => {
    let asked = false;
    const { saved, events, options } = setUp({ max_steps: 9, save_steps: 9 }, { stopRequested: () => asked });
    const stopping: LoopOptions = {
      ...options,
      report: (event) => {
        options.report(event);
        asked ||= event.type === 'metrics' && event.step === 3;
      },
    };
    const result = await trainingLoop(stopping);
    expect(result).toMatchObject({ outcome: 'stopped', step: 3 });
    expect(steps(events)).toEqual([1, 2, 3]);
    expect(saved).toEqual([3]);
  });

  it('goes on after a step with the batches that would have come, and evaluates no step twice', async () => {
    const seen: string[] = [];
    const run = async (resume?: LoopOptions['resume'], stopAfter = Infinity) => {
      const evaluated: number[] = [];
      const { events, options } = setUp(
        { max_steps: 8, eval_steps: 4 },
        {
          evaluate: async (step) => {
            evaluated.push(step);
            return { loss: 1, perplexity: 1, tokenAccuracy: 1, trainedTokens: 1 };
          },
          stopRequested: () => steps(events).length >= stopAfter,
          ...(resume && { resume }),
        },
      );
      const recorded: LoopOptions = {
        ...options,
        collate: (rows) => {
          seen.push(rows.map((row) => row.map(({ line }) => line).join('+')).join(' '));
          return options.collate(rows);
        },
      };
      const result = await trainingLoop(recorded);
      return { result, events, evaluated, batches: seen.splice(0) };
    };
    const whole = await run();
    const first = await run(undefined, 5);
    const progress = first.result;
    const rest = await run({ progress, best: first.result.best });
    expect(steps(rest.events)).toEqual([6, 7, 8]);
    expect([...first.batches, ...rest.batches]).toEqual(whole.batches);
    expect(rest.evaluated).toEqual([8]);
    expect(rest.result).toMatchObject({ step: 8, epoch: whole.result.epoch, bestStep: 4 });
    expect(rest.result.trainedTokens).toBe(whole.result.trainedTokens);
    // Killed between its last save and its end: there is no step left.
    const none = await run({ progress: { ...progress, step: 8, loss: 0.5 }, best: undefined });
    expect(none.result).toMatchObject({ outcome: 'completed', step: 8, loss: 0.5 });
    expect(none.batches).toEqual([]);
  });

  it.each([
    ['NaN', NaN, 'loss-not-finite'],
    ['infinite', Infinity, 'loss-not-finite'],
    ['exactly zero', 0, 'loss-zero'],
  ])('fails when the loss is %s, before the weights are touched', async (_, bad, code) => {
    const { saved, events, options } = setUp({ max_steps: 5, save_steps: 1 }, {}, (call) => (call >= 4 ? bad : 8));
    await expect(trainingLoop(options)).rejects.toMatchObject({ code, exitCode: 1 });
    expect(steps(events)).toEqual([1, 2]);
    expect(saved).toEqual([1, 2]);
    expect(Number.isFinite(options.parameters[0]!.data[0])).toBe(true);
  });

  it('goes on with preference pairs that are so far apart that their loss is 0 in 32 bits', async () => {
    const { events, options } = setUp({ max_steps: 2, objective: 'dpo' }, {}, () => 0);
    const collate = (rows: RowBatch): Batch => {
      const pairs = rows.map(([example]): Pair => ({
        example: example!,
        chosen: [0, 0],
        rejected: [0, 0],
        reference: { chosen: -200, rejected: 0 },
      }));
      return { ...options.collate(rows), pairs };
    };
    await trainingLoop({ ...options, collate });
    expect(steps(events)).toEqual([1, 2]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'metrics', loss: 0 }));
  });
});
