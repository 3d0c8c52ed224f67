/**
 * When a loss is so high that the run has failed. A healthy loss jumps now and then, with small batches a lot; one that
 * stays far above where it began does not come back, since the weights are spoilt.
 *
 * The run has failed when the loss lies above both twice its starting level and its starting level + 3 nats a token
 * (perplexity × 20) for a tenth of the steps in succession, but for 3 steps at least and 10 at most. Where it lies only
 * 1 nat above (perplexity × 2.7) for as long, there is a warning. The starting level is the mean over the warm-up (the
 * first step at least, the first 10 at most), when the weights are still near the base model's, without steps that are
 * too high themselves.
 */
import { Failure } from '../common/failure';
import type { WarningEvent } from './protocol';
import type { ResolvedSettings } from './settings';

const FAILED = { factor: 2, distance: 3 };
const RAISED = { distance: 1 };
const LEVEL_STEPS = 10;
const PATIENCE = { share: 0.1, least: 3, most: 10 };

/** A part of the state of a run: a resumed run must judge as one that was never interrupted. */
export interface LossWatch {
  /** Mean loss of the first steps; `null` before the first. */
  readonly startingLoss: number | null;
  /** Over how many steps. */
  readonly startingSteps: number;
  /** Steps in succession, until now, with a loss that is too high. Meanwhile nothing is saved, to keep what is good. */
  readonly highLossSteps: number;
  /** The same with a loss that deserves a warning. */
  readonly raisedLossSteps: number;
}

export const FIRST_WATCH: LossWatch = { startingLoss: null, startingSteps: 0, highLossSteps: 0, raisedLossSteps: 0 };

/** The watch after a step (counted from 1) with this loss. */
export function watchLoss(
  { startingLoss, startingSteps, highLossSteps, raisedLossSteps }: LossWatch,
  step: number,
  loss: number,
  { warmup_steps }: Pick<ResolvedSettings, 'warmup_steps'>,
): LossWatch {
  const level = startingLoss ?? Infinity;
  const high = loss > FAILED.factor * level && loss > level + FAILED.distance;
  const raised = loss > level + RAISED.distance;
  const levels = !high && step <= Math.min(LEVEL_STEPS, Math.max(1, warmup_steps));
  return {
    startingLoss: levels ? ((startingLoss ?? 0) * startingSteps + loss) / (startingSteps + 1) : startingLoss,
    startingSteps: levels ? startingSteps + 1 : startingSteps,
    highLossSteps: high ? highLossSteps + 1 : 0,
    raisedLossSteps: raised ? raisedLossSteps + 1 : 0,
  };
}

/**
 * What to warn of after a step, once for each time that the loss has risen.
 * @param lastSaved step of the last checkpoint, 0 where there is none
 * @throws Failure `loss-exploded`
 */
export function judgeLoss(
  { startingLoss, highLossSteps, raisedLossSteps }: LossWatch,
  step: number,
  loss: number,
  { max_steps, learning_rate }: Pick<ResolvedSettings, 'max_steps' | 'learning_rate'>,
  lastSaved: number,
): Pick<WarningEvent, 'code' | 'message' | 'hint'> | undefined {
  const patience = Math.min(PATIENCE.most, Math.max(PATIENCE.least, Math.ceil(PATIENCE.share * max_steps)));
  const began = `Step ${step}: the loss is ${loss.toPrecision(3)}. It began at ${(startingLoss ?? 0).toPrecision(3)}`;
  if (highLossSteps >= patience)
    throw new Failure(
      'loss-exploded',
      `${began} and has been far above for ${highLossSteps} steps, so the weights are spoilt.`,
      `${savedText(lastSaved, step - highLossSteps)} ${remedy(learning_rate)}`,
    );
  if (raisedLossSteps !== patience) return undefined;
  return {
    code: 'loss-raised',
    message: `${began} and has been above for ${raisedLossSteps} steps.`,
    hint: `The model gets worse. ${remedy(learning_rate)}`,
  };
}

/** What to do about numbers that have gone astray. */
export function remedy(learningRate: number): string {
  return `Start again with a lower learning_rate (${Number((learningRate / 3).toPrecision(1))}, a third of it) or more warmup_steps.`;
}

/**
 * What is left of a run whose loss was good until a step. The loss of a step is that of the weights before it, so a
 * checkpoint of that very step holds what has spoilt the next one.
 * @param saved step of the last checkpoint; 0 where there is none
 */
export function savedText(saved: number, goodUntil: number): string {
  if (saved === 0) return 'No checkpoint was saved before.';
  if (saved < goodUntil) return `The checkpoint of step ${saved}, from before, is kept.`;
  return `The checkpoint of step ${saved} is kept, but it has the weights that this began with; an earlier one may be good.`;
}
