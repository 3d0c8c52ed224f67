/** The training loop, top to bottom: rate → batches → forward/backward → accumulate → clip → update → report → evaluate → save. */
import { createRandom } from '../common/random';
import type { EncodedExample } from '../dataset/example';
import { type RowBatch, batchPlan, planEpoch } from './batches';
import { FIRST_WATCH, type LossWatch, judgeLoss, watchLoss } from './loss-watch';
import type { OptimizerOptions } from './optimizer';
import type { AnswerScores, EvaluationEvent, EventBody } from './protocol';
import { learningRateAt } from './schedule';
import type { ResolvedSettings } from './settings';
import { type Trainee, optimizerStep } from './step';

/** What an evaluation finds; see evaluate.ts. */
export type Evaluation = Pick<EvaluationEvent, 'loss' | 'perplexity' | 'tokenAccuracy' | 'trainedTokens' | 'rewards'> &
  Partial<AnswerScores>;

/** Where a run stands after a step: with the tensors, all that is needed to go on from there. */
export interface Progress extends LossWatch {
  readonly step: number;
  readonly epoch: number;
  readonly trainedTokens: number;
  /** Of the step. */
  readonly loss: number | null;
  readonly bestLoss: number | null;
  readonly bestStep: number | null;
  /** In succession, until now; see `early_stopping_patience`. */
  readonly evaluationsWithoutImprovement: number;
}

/** How a run is made to wait between two steps. */
export interface Pause {
  readonly requested: () => boolean;
  /** Resolves when the run shall go on, or stop. */
  readonly over: () => Promise<void>;
  /** Milliseconds that the run has waited until now. */
  readonly waited: () => number;
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
  /** Undefined: the run cannot be paused. */
  readonly pause?: Pause | undefined;
  /** Milliseconds of a steady clock that stands still in a pause. */
  readonly now: () => number;
  readonly memoryBytes: () => number;
}

export interface LoopResult extends Progress {
  /** `early`: completed, since the validation loss did not improve any more. */
  readonly outcome: 'completed' | 'early' | 'stopped';
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
    // Step 0 is the base model: a yardstick, never a result; nor are weights that are spoilt.
    const counts = progress.step > 0 && progress.highLossSteps === 0;
    const isBest = counts && found.loss !== null && found.loss < (progress.bestLoss ?? Infinity);
    if (progress.step > 0) progress = { ...progress, ...countImprovement(progress, found.loss, settings) };
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

  const pause = async ({ over }: Pause): Promise<void> => {
    if (progress.step > 0) save(false);
    report({ type: 'paused', step: progress.step });
    await over();
    if (!options.stopRequested()) report({ type: 'continued', step: progress.step });
  };
  const endsEarly = (): boolean =>
    settings.early_stopping_patience !== null &&
    progress.evaluationsWithoutImprovement >= settings.early_stopping_patience;

  // A checkpoint is written after the evaluation of its step.
  if (firstStep === 0 && !options.stopRequested()) await evaluate();
  for (const window of windows(options, firstStep)) {
    if (endsEarly()) return { ...progress, outcome: 'early', best };
    if (options.pause?.requested()) await pause(options.pause);
    if (options.stopRequested()) {
      if (progress.step > 0) save(false);
      return { ...progress, outcome: 'stopped', best };
    }
    const stepStarted = now();
    const learningRate = learningRateAt(progress.step, schedule);
    const random = createRandom(settings.seed, 1_000_000 + progress.step);
    const step = progress.step + 1;
    const { loss, gradientNorm, tokens, trainedTokens, rewards } = await optimizerStep(options, window.batches, {
      step,
      lastSaved: savedStep,
      learningRate,
      maxGradNorm: settings.max_grad_norm,
      beta: settings.beta,
      adam,
      random,
    });
    progress = {
      ...progress,
      ...watchLoss(progress, step, loss, settings),
      step,
      loss,
      epoch: window.epoch,
      trainedTokens: progress.trainedTokens + trainedTokens,
    };
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
      ...(rewards && { rewards }),
      secondsLeft: ((now() - started) / 1000 / (step - firstStep)) * (settings.max_steps - step),
    });
    const warning = judgeLoss(progress, step, loss, settings, savedStep);
    if (warning) report({ type: 'warning', ...warning });
    const last = step === settings.max_steps;
    if (last || step % settings.eval_steps === 0) await evaluate();
    const due = step % settings.save_steps === 0 && progress.highLossSteps === 0;
    if (last || due || endsEarly()) save(false);
  }
  return { ...progress, outcome: 'completed', best };
}

const START: Progress = {
  step: 0,
  epoch: 0,
  trainedTokens: 0,
  loss: null,
  bestLoss: null,
  bestStep: null,
  evaluationsWithoutImprovement: 0,
  ...FIRST_WATCH,
};

/** As Hugging Face's EarlyStoppingCallback: counted against the best loss before this evaluation, which may fall by less. */
function countImprovement(
  { bestLoss, evaluationsWithoutImprovement }: Progress,
  loss: number | null,
  { early_stopping_threshold: threshold }: ResolvedSettings,
): Pick<Progress, 'evaluationsWithoutImprovement'> {
  const improved = loss !== null && (bestLoss === null || bestLoss - loss > threshold);
  return { evaluationsWithoutImprovement: improved ? 0 : evaluationsWithoutImprovement + 1 };
}

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
  const plan = batchPlan(settings);
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
