/** Event logs of invented runs that behave like real ones; the same seed gives the same log. */
import { createRandom } from '../../src/common/random';
import type { EventBody, MetricsEvent, TrainerEvent } from '../../src/training/protocol';

export interface SampleOptions {
  readonly name?: string;
  readonly seed?: number;
  readonly steps: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly evalSteps: number;
  readonly saveSteps: number;
  readonly learningRate?: number;
  /** From this step on the loss rises and ends in NaN at the last one. */
  readonly divergesAt?: number;
  readonly secondsPerStep?: number;
  /** Milliseconds since 1970 of the first event. */
  readonly startTime?: number;
  readonly memoryGiB?: number;
  readonly ending?: 'completed' | 'stopped' | 'failed';
  readonly warnings?: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
  readonly validation?: boolean;
}

export const SAMPLE_START = Date.UTC(2026, 10, 24, 12, 40, 10);

export function runFolder(name: string): string {
  return `/home/ada/support/.finetune/runs/20261124-124010-${name}`;
}

/** The settings of the sample runs, every default as a number. */
export function sampleSettings(options: SampleOptions): Record<string, unknown> {
  return {
    model: '/home/ada/models/SmolLM2-135M-Instruct',
    train_file: '/home/ada/support/data/tickets.train.jsonl',
    validation_file: '/home/ada/support/data/tickets.validation.jsonl',
    validation_split: 0,
    format: 'auto',
    template: 'auto',
    max_length: 1024,
    packing: false,
    method: 'lora',
    r: 16,
    lora_alpha: 16,
    lora_dropout: 0.05,
    target_modules: ['q_proj', 'v_proj'],
    epochs: 3,
    max_steps: options.totalSteps,
    batch_size: 4,
    gradient_accumulation_steps: 4,
    learning_rate: options.learningRate ?? 2e-4,
    lr_scheduler: 'cosine',
    warmup_steps: 100,
    weight_decay: 0,
    max_grad_norm: 1,
    eval_steps: options.evalSteps,
    save_steps: options.saveSteps,
    save_total_limit: 3,
    logging_steps: 10,
    seed: 42,
    engine: 'onnxruntime',
    device: 'cpu',
    memory: 'fast',
    threads: 8,
    name: options.name ?? 'support-bot',
    output_dir: '/home/ada/support/.finetune/runs',
  };
}

export function sampleRun(options: SampleOptions): TrainerEvent[] {
  const random = createRandom(options.seed ?? 7);
  const name = options.name ?? 'support-bot';
  const run = runFolder(name);
  const events: TrainerEvent[] = [];
  let time = options.startTime ?? SAMPLE_START;
  const emit = (body: EventBody): void => {
    events.push({ v: 1, time: new Date(Math.round(time)).toISOString(), ...body } as TrainerEvent);
  };
  emit({
    type: 'started',
    run,
    name,
    settings: sampleSettings(options),
    engine: 'onnxruntime',
    device: 'cpu',
    deviceReason: 'webgpu: a matrix product ran at 2 GFLOP/s, on the processor at 100 GFLOP/s',
    paddingShare: 0.031,
    memoryReason: 'about 2.8 GB for fast, 14.0 GB are free',
    memoryEstimate: { weights: 0.54e9, packed: 0.42e9, activations: 1.74e9, runtime: 0.1e9 },
    totalSteps: options.totalSteps,
    stepsPerEpoch: options.stepsPerEpoch,
    trainExamples: options.stepsPerEpoch * 16 - 8,
    validationExamples: 320,
    baseParameters: 134_515_008,
    trainableParameters: 921_600,
  });
  for (const [phase, seconds] of [
    ['load', 4.2],
    ['tokenize', 2.1],
    ['compile', 11.3],
  ] as const) {
    emit({ type: 'phase', phase, state: 'begin' });
    time += seconds * 1000;
    emit({ type: 'phase', phase, state: 'end', seconds });
  }
  for (const warning of options.warnings ?? []) emit({ type: 'warning', ...warning });
  emit({ type: 'phase', phase: 'train', state: 'begin' });
  let best = Infinity;
  let bestStep = 0;
  let trainedTokens = 0;
  let trainSeconds = 0;
  const seconds = options.secondsPerStep ?? 1.86;
  const rate = options.learningRate ?? 2e-4;
  const path = (step: number): string => `${run}/checkpoints/step-${String(step).padStart(6, '0')}`;
  const tau = Math.max(8, options.totalSteps / 17);
  const evaluate = (step: number): void => {
    const epoch = step / options.stepsPerEpoch;
    emit({ type: 'phase', phase: 'evaluate', state: 'begin' });
    time += 3100;
    const share = step / options.totalSteps;
    const loss =
      1.092 + 1.21 * Math.exp(-step / (tau * 1.8)) + 0.35 * Math.max(0, share - 0.3) ** 1.5 + random.normal() * 0.0018;
    const isBest = step > 0 && loss < best;
    if (isBest) {
      best = loss;
      bestStep = step;
    }
    emit({
      type: 'evaluation',
      step,
      epoch,
      loss,
      perplexity: Math.exp(loss),
      tokenAccuracy: 0.71,
      trainedTokens,
      best: isBest,
    });
    emit({ type: 'phase', phase: 'evaluate', state: 'end', seconds: 3.1 });
  };
  if (options.validation !== false) evaluate(0);
  for (let step = 1; step <= options.steps; step++) {
    const took = seconds * (1 + random.normal() * 0.03 + (random.next() < 0.02 ? 0.3 : 0));
    time += took * 1000;
    trainSeconds += took;
    trainedTokens += Math.round(1530 + random.normal() * 60);
    emit({ type: 'metrics', ...metrics(step, options, random, rate, tau, trainedTokens, trainSeconds) });
    if (options.validation !== false && step % options.evalSteps === 0 && step < options.steps) evaluate(step);
    if (step % options.saveSteps === 0) emit({ type: 'checkpoint', step, path: path(step), best: bestStep === step });
  }
  time += 400;
  end(options, emit, run, best, bestStep, trainedTokens, (time - (options.startTime ?? SAMPLE_START)) / 1000, path);
  return events;
}

function metrics(
  step: number,
  options: SampleOptions,
  random: ReturnType<typeof createRandom>,
  rate: number,
  tau: number,
  trainedTokens: number,
  trainSeconds: number,
): Omit<MetricsEvent, 'v' | 'time' | 'type'> {
  const epoch = step / options.stepsPerEpoch;
  const up =
    options.divergesAt === undefined
      ? 0
      : Math.max(0, step - options.divergesAt) / (options.steps - options.divergesAt);
  const diverged = up >= 1;
  const noise = 0.06 * (1 + 0.6 * Math.exp(-step / tau));
  const base = 1.2 + 1.25 * Math.exp(-step / tau) - 0.05 * Math.floor(epoch - 1e-9) - 0.04 * Math.min(epoch, 3);
  const spike = random.next() < 0.012 ? 0.5 + random.next() * 0.7 : 0;
  const gradientNorm =
    0.52 + 1.9 * Math.exp(-step / (tau * 0.7)) + Math.abs(random.normal()) * 0.11 + spike + Math.exp(up * 4.1) - 1;
  const warmup =
    step <= 100 ? step / 100 : 0.5 * (1 + Math.cos((Math.PI * (step - 100)) / Math.max(1, options.totalSteps - 100)));
  return {
    step,
    epoch,
    loss: diverged ? null : base + random.normal() * noise + up ** 2.2 * 0.6,
    learningRate: rate * warmup,
    gradientNorm: diverged ? null : gradientNorm,
    tokensPerSecond: 2655 + random.normal() * 46 - (step % 50 === 0 ? 380 : 0),
    trainedTokens,
    memoryBytes: ((options.memoryGiB ?? 2.41) + (step > 3 ? 0.33 : 0) + (step > 160 ? 0.19 : 0)) * 2 ** 30,
    secondsLeft: (trainSeconds / step) * (options.totalSteps - step),
  };
}

function end(
  options: SampleOptions,
  emit: (body: EventBody) => void,
  run: string,
  best: number,
  bestStep: number,
  trainedTokens: number,
  seconds: number,
  path: (step: number) => string,
): void {
  if (options.ending === undefined) return;
  if (options.ending !== 'failed') emit({ type: 'phase', phase: 'train', state: 'end', seconds: seconds * 0.95 });
  if (options.ending === 'completed') {
    emit({ type: 'phase', phase: 'export', state: 'begin' });
    emit({ type: 'phase', phase: 'export', state: 'end', seconds: 0.8 });
    emit({
      type: 'completed',
      adapter: `${run}/adapter`,
      step: options.steps,
      seconds,
      metrics: { loss: 1.004, validationLoss: best, bestStep, trainedTokens, peakMemoryBytes: 3.1e9 },
    });
  }
  if (options.ending === 'stopped')
    emit({ type: 'stopped', step: options.steps, checkpoint: path(options.steps), adapter: `${run}/adapter` });
  if (options.ending === 'failed')
    emit({
      type: 'failed',
      code: 'loss-not-finite',
      message: `The loss is not a number (NaN) at step ${options.steps}.`,
      hint: 'The gradient norm grew from 0.9 to 61 in the 30 steps before. The learning rate, 5e−3, is 50 times the default: train again with 1e-4.',
      exitCode: 1,
    });
}

/** The same run with DPO: the loss begins at ln 2, and steps and evaluations have rewards. */
export function preferenceRun(options: SampleOptions): TrainerEvent[] {
  const random = createRandom(11);
  const numbers = (step: number, spread: number) => {
    const share = 1 - Math.exp((-3 * step) / options.totalSteps);
    const chosen = 0.35 * share + random.normal() * spread;
    const rejected = -0.9 * share + random.normal() * spread;
    const margins = chosen - rejected;
    const accuracies =
      Math.min(16, Math.max(0, Math.round(16 * (0.5 + 0.36 * share) + 30 * random.normal() * spread))) / 16;
    const loss = Math.log(1 + Math.exp(-margins)) + 0.02 * Math.max(0, share - 0.7);
    return { loss, rewards: { chosen, rejected, margins, accuracies } };
  };
  let best = { loss: Infinity, step: 0 };
  return sampleRun(options).map((event): TrainerEvent => {
    if (event.type === 'started')
      return { ...event, settings: { ...event.settings, objective: 'dpo', beta: 0.1, learning_rate: 5e-6 } };
    if (event.type === 'metrics') return { ...event, ...numbers(event.step, 0.05) };
    if (event.type === 'checkpoint') return { ...event, best: event.step === best.step };
    if (event.type !== 'evaluation') return event;
    const { step } = event;
    const found = numbers(step, 0.004);
    const isBest = step > 0 && found.loss < best.loss;
    if (isBest) best = { loss: found.loss, step };
    return { ...event, ...found, perplexity: null, best: isBest };
  });
}
