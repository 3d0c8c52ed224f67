import { describe, expect, it } from 'vitest';
import type { EncodedExample } from '../../src/dataset/example';
import { type Batch, type RowBatch } from '../../src/training/batches';
import { type LoopOptions, trainingLoop } from '../../src/training/loop';
import { createOptimizerState } from '../../src/training/optimizer';
import type { EventBody } from '../../src/training/protocol';
import { parseSettings, resolveDefaults } from '../../src/training/settings';

const examples = Array.from({ length: 10 }, (_, i): EncodedExample => ({
  line: i + 1,
  tokens: Int32Array.of(1, 2, 3),
  trained: Uint8Array.of(0, 1, 1),
  lostTokens: 0,
  lostTrainedTokens: 0,
}));

interface Run {
  readonly events: EventBody[];
  readonly saved: number[];
  readonly options: LoopOptions;
}

/** A loop whose "model" has one weight w and the loss 2·(w − 3)² a batch; `loss` may replace that of a step. */
function setUp(
  requested: Record<string, unknown>,
  overrides: Partial<LoopOptions> = {},
  loss?: (call: number) => number,
): Run {
  const parsed = parseSettings({
    batch_size: 2,
    gradient_accumulation_steps: 2,
    learning_rate: 0.5,
    warmup_steps: 0,
    max_grad_norm: 100,
    ...requested,
  });
  if (!parsed.ok) throw new Error('Unusable settings.');
  const settings = resolveDefaults(parsed.settings, { stepsPerEpoch: 3, physicalCores: 1, name: 'test' });
  const parameters = [{ name: 'w', shape: [1], data: Float32Array.of(0) }];
  const events: EventBody[] = [];
  const saved: number[] = [];
  let calls = 0;
  let clock = 0;
  const options: LoopOptions = {
    settings,
    examples,
    parameters,
    optimizer: createOptimizerState(parameters),
    collate: (rows: RowBatch): Batch => ({
      feeds: {},
      labels: new Int32Array(0),
      tokens: 3 * rows.length,
      trainedTokens: 2 * rows.length,
      rows: 3 * rows.length,
    }),
    session: {
      forwardBackward: async () => {
        const w = parameters[0]!.data[0]!;
        const value = loss?.(calls++) ?? 2 * (w - 3) ** 2;
        return { loss: value, gradients: new Map([['w', Float32Array.of(4 * (w - 3))]]) };
      },
      dispose: async () => undefined,
    },
    evaluate: undefined,
    save: (progress) => saved.push(progress.step),
    report: (event) => events.push(event),
    stopRequested: () => false,
    now: () => (clock += 10),
    memoryBytes: () => 1,
    ...overrides,
  };
  return { events, saved, options };
}
const steps = (events: readonly EventBody[]): number[] => events.flatMap((e) => (e.type === 'metrics' ? [e.step] : []));

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
    const { step, epoch, trainedTokens, loss, bestLoss, bestStep } = first.result;
    const progress = { step, epoch, trainedTokens, loss, bestLoss, bestStep };
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
});
