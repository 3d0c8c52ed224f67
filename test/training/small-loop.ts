import type { EncodedExample } from '../../src/dataset/example';
import type { Batch, RowBatch } from '../../src/training/batches';
import type { LoopOptions } from '../../src/training/loop';
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

interface SmallLoop {
  readonly events: EventBody[];
  readonly saved: number[];
  readonly options: LoopOptions;
}

/** A loop whose "model" has one weight w and the loss 2·(w − 3)² a batch; `loss` may replace that of a step. */
export function setUp(
  requested: Record<string, unknown>,
  overrides: Partial<LoopOptions> = {},
  loss?: (call: number) => number,
): SmallLoop {
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
        return { loss: value, nll: new Float32Array(0), gradients: new Map([['w', Float32Array.of(4 * (w - 3))]]) };
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
export const steps = (events: readonly EventBody[]): number[] =>
  events.flatMap((e) => (e.type === 'metrics' ? [e.step] : []));
