/** The training loop, top to bottom: rate → batches → forward/backward → accumulate → clip → update → report → evaluate → save. */
import { createRandom } from '../common/random';
import type { EncodedExample } from '../dataset/example';
import { type RowBatch, planEpoch } from './batches';
import type { OptimizerOptions } from './optimizer';
import type { EvaluationEvent, EventBody } from './protocol';
import { learningRateAt } from './schedule';
import type { ResolvedSettings } from './settings';
import { type Trainee, optimizerStep } from './step';

/** What an evaluation finds; see evaluate.ts. */
export type Evaluation = Pick<EvaluationEvent, 'loss' | 'perplexity' | 'tokenAccuracy' | 'trainedTokens'>;

/** Where a run stands after a step: with the tensors, all that is needed to go on from there. */
export interface Progress {
  readonly step: number;
  readonly epoch: number;
  readonly trainedTokens: number;
  /** Of the step. */
  readonly loss: number | null;
  readonly bestLoss: number | null;
  readonly bestStep: number | null;
}

/** Where a resumed run goes on: parameters and optimizer already hold the state after this step. */
export interface ResumePoint {
  readonly progress: Progress;
  /** Parameters at `progress.bestStep`. */
  readonly best: ReadonlyMap<string, Float32Array> | undefined;
}

export interface LoopOptions extends Trainee {
  readonly settings: ResolvedSettings;
  readonly examples: readonly EncodedExample[];
  /** Undefined: from the start. */
  readonly resume?: ResumePoint | undefined;
  /** Undefined without validation data. */
  readonly evaluate: ((step: number) => Promise<Evaluation>) | undefined;
  readonly save: (progress: Progress, best: boolean) => void;
  readonly report: (event: EventBody) => void;
  readonly stopRequested: () => boolean;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
  readonly memoryBytes: () => number;
}

export interface LoopResult extends Progress {
  readonly outcome: 'completed' | 'stopped';
  /** Parameters at the step with the lowest validation loss. */
  readonly best: ReadonlyMap<string, Float32Array> | undefined;
}

export async function trainingLoop(options: LoopOptions): Promise<LoopResult> {
  const { settings, parameters, report, now } = options;
  const schedule = {
    kind: settings.lr_scheduler,
    peak: settings.learning_rate,
    warmupSteps: settings.warmup_steps,
    totalSteps: settings.max_steps,
  };
  const adam: OptimizerOptions = {
    beta1: settings.adam_beta1,
    beta2: settings.adam_beta2,
    epsilon: settings.adam_epsilon,
    weightDecay: settings.weight_decay,
  };
  let progress = options.resume?.progress ?? START;
  let best = options.resume?.best;
  const firstStep = progress.step;
  let savedStep = firstStep;
  const started = now();

  const evaluate = async (): Promise<void> => {
    if (!options.evaluate) return;
    const found = await options.evaluate(progress.step);
    // Step 0 is the base model: a yardstick, never a result.
    const isBest = progress.step > 0 && found.loss !== null && found.loss < (progress.bestLoss ?? Infinity);
    if (isBest) {
      progress = { ...progress, bestLoss: found.loss, bestStep: progress.step };
      best = new Map(parameters.map(({ name, data }) => [name, data.slice()]));
    }
    report({ type: 'evaluation', step: progress.step, epoch: progress.epoch, ...found, best: isBest });
    if (isBest) save(true);
  };
  const save = (isBest: boolean): void => {
    if (savedStep === progress.step) return;
    options.save(progress, isBest);
    savedStep = progress.step;
  };

  // A checkpoint is written after the evaluation of its step.
  if (firstStep === 0) await evaluate();
  for (const window of windows(options, firstStep)) {
    if (options.stopRequested()) {
      if (progress.step > 0) save(false);
      return { ...progress, outcome: 'stopped', best };
    }
    const stepStarted = now();
    const learningRate = learningRateAt(progress.step, schedule);
    const random = createRandom(settings.seed, 1_000_000 + progress.step);
    const step = progress.step + 1;
    const { loss, gradientNorm, tokens, trainedTokens } = await optimizerStep(options, window.batches, {
      step,
      learningRate,
      maxGradNorm: settings.max_grad_norm,
      adam,
      random,
    });
    progress = { ...progress, step, loss, epoch: window.epoch, trainedTokens: progress.trainedTokens + trainedTokens };
    report({
      type: 'metrics',
      step,
      epoch: window.epoch,
      loss,
      learningRate,
      gradientNorm,
      tokensPerSecond: (tokens * 1000) / (now() - stepStarted),
      trainedTokens: progress.trainedTokens,
      memoryBytes: options.memoryBytes(),
      secondsLeft: ((now() - started) / 1000 / (step - firstStep)) * (settings.max_steps - step),
    });
    const last = step === settings.max_steps;
    if (last || step % settings.eval_steps === 0) await evaluate();
    if (last || step % settings.save_steps === 0) save(false);
  }
  return { ...progress, outcome: 'completed', best };
}

const START: Progress = { step: 0, epoch: 0, trainedTokens: 0, loss: null, bestLoss: null, bestStep: null };

interface Window {
  readonly batches: readonly RowBatch[];
  /** Epochs done after this window. */
  readonly epoch: number;
}

/**
 * The batches of one optimiser step each, the first `done` steps left out; an epoch's last window may be shorter, so
 * that every record is seen. Epochs that are done are planned all the same: packing decides how many steps they have.
 */
function* windows({ settings, examples }: LoopOptions, done: number): Generator<Window> {
  const plan = {
    batchSize: settings.batch_size,
    packing: settings.packing,
    maxLength: settings.max_length,
    seed: settings.seed,
  };
  let step = 0;
  for (let epoch = 0; ; epoch++) {
    const batches = planEpoch(examples, plan, epoch);
    for (let at = 0; at < batches.length; at += settings.gradient_accumulation_steps) {
      if (step >= settings.max_steps) return;
      if (step++ < done) continue;
      const end = Math.min(batches.length, at + settings.gradient_accumulation_steps);
      yield { batches: batches.slice(at, end), epoch: epoch + end / batches.length };
    }
  }
}
