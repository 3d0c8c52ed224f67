import type { EvaluationEvent, MetricsEvent, StartedEvent, TrainerEvent } from '../../src/training/protocol';
import { createRandom } from '../../src/common/random';

const base = { v: 1, time: '2026-11-24T12:05:10.000Z' } as const;

export const started = (changes: Partial<StartedEvent> = {}): StartedEvent => ({
  ...base,
  type: 'started',
  run: '/runs/a',
  name: 'support-bot',
  settings: {},
  engine: 'onnxruntime',
  device: 'cpu',
  totalSteps: 150,
  stepsPerEpoch: 50,
  trainExamples: 800,
  validationExamples: 100,
  baseParameters: 1_800_000,
  trainableParameters: 15_360,
  ...changes,
});

export const metrics = (step: number, loss: number | null): MetricsEvent => ({
  ...base,
  type: 'metrics',
  step,
  epoch: step / 50,
  loss,
  learningRate: 9.3e-5,
  gradientNorm: 0.5,
  tokensPerSecond: 1450.4,
  trainedTokens: 100 * step,
  memoryBytes: 512 * 2 ** 20,
  secondsLeft: 780,
});

export const evaluation = (step: number, loss: number | null): EvaluationEvent => ({
  ...base,
  type: 'evaluation',
  step,
  epoch: step / 50,
  loss,
  perplexity: loss === null ? null : Math.exp(loss),
  tokenAccuracy: 0.5,
  trainedTokens: 900,
  best: false,
});

/** A falling loss with noise; the validation loss rises again at the end. */
export function sampleRun(steps = 150): TrainerEvent[] {
  const random = createRandom(1);
  const events: TrainerEvent[] = [started({ totalSteps: steps })];
  for (let step = 1; step <= steps; step++) {
    events.push(metrics(step, 0.6 + 3.4 * Math.exp(-step / 18) + 0.12 * random.normal() * Math.exp(-step / 100)));
    if (step % 15 === 0)
      events.push(evaluation(step, 0.72 + 3 * Math.exp(-step / 18) + Math.max(0, step - 105) * 0.003));
  }
  return events;
}
