/** One optimiser step: the gradients of a window of batches, clipped, through AdamW. */
import { Failure } from '../common/failure';
import type { Random } from '../common/random';
import type { Batch, RowBatch } from './batches';
import { remedy, savedText } from './loss-watch';
import { type OptimizerOptions, type OptimizerState, type Parameter, adamW, squaredNorm } from './optimizer';
import { RewardSums } from './preference';
import type { Rewards } from './protocol';
import type { TrainingSession } from './session';

export interface Trainee {
  readonly session: TrainingSession;
  readonly collate: (rows: RowBatch) => Batch;
  readonly parameters: readonly Parameter[];
  readonly optimizer: OptimizerState;
}

export interface StepOptions {
  /** Counts from 1; for messages. */
  readonly step: number;
  /** Step of the last checkpoint, 0 where there is none; for messages. */
  readonly lastSaved: number;
  readonly learningRate: number;
  readonly maxGradNorm: number;
  /** Of DPO; counts for nothing where there are no pairs. */
  readonly beta: number;
  readonly adam: OptimizerOptions;
  /** Feeds dropout. */
  readonly random: Random;
}

export interface StepNumbers {
  /** Mean over the trained tokens (or the pairs) of the whole window, not a mean of means. */
  readonly loss: number;
  /** Of the gradient of that mean, before clipping. */
  readonly gradientNorm: number;
  readonly tokens: number;
  readonly trainedTokens: number;
  /** Of pairs, before the update. */
  readonly rewards: Rewards | undefined;
}

/** Updates the parameters in place. Throws a Failure, before any update, when the numbers mean nothing any more. */
export async function optimizerStep(
  { session, collate, parameters, optimizer }: Trainee,
  window: readonly RowBatch[],
  options: StepOptions,
): Promise<StepNumbers> {
  let sums: Map<string, Float32Array> | undefined;
  let loss = 0;
  let tokens = 0;
  let trainedTokens = 0;
  const rewards = new RewardSums(options.beta);
  for (const rows of window) {
    const batch = collate(rows);
    const result = await session.forwardBackward(batch, options.random);
    loss += result.loss;
    tokens += batch.tokens;
    trainedTokens += batch.trainedTokens;
    if (batch.pairs) rewards.add(result.nll, batch.pairs);
    sums = sums ? accumulate(sums, result.gradients) : new Map(result.gradients);
  }
  if (!sums || trainedTokens === 0)
    throw new Failure(
      'nothing-to-train',
      `Step ${options.step}: no token of these records is trained.`,
      'Run "fine-tune check" on the data with this model and max_length.',
    );
  const terms = rewards.pairs > 0 ? rewards.pairs : trainedTokens;
  const mean = loss / terms;
  const gradientNorm = Math.sqrt(squaredNorm(sums.values())) / terms;
  requireHealthy(options, mean, gradientNorm, rewards.pairs > 0);
  // The 1e-6 is torch.nn.utils.clip_grad_norm_'s.
  const clip = Math.min(1, options.maxGradNorm / (gradientNorm + 1e-6));
  adamW(parameters, sums, clip / terms, optimizer, options.learningRate, options.adam);
  return { loss: mean, gradientNorm, tokens, trainedTokens, rewards: rewards.means() };
}

function accumulate(
  sums: Map<string, Float32Array>,
  gradients: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  for (const [name, gradient] of gradients) {
    const sum = sums.get(name)!;
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]!;
  }
  return sums;
}

/** A run must not go on, let alone end well, with numbers that mean nothing. */
function requireHealthy(
  { step, lastSaved, learningRate }: StepOptions,
  loss: number,
  gradientNorm: number,
  ofPairs: boolean,
): void {
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
    throw new Failure(
      'loss-not-finite',
      `Step ${step}: the ${Number.isFinite(loss) ? 'gradient' : 'loss'} is no longer a finite number.`,
      `${savedText(lastSaved, step - 1)} ${remedy(learningRate)}`,
    );
  // The loss of pairs that are far apart is below what is left of 1 + x in 32 bits, and the model is well.
  if (loss === 0 && !ofPairs)
    throw new Failure(
      'loss-zero',
      `Step ${step}: the loss is exactly 0, so nothing is learned.`,
      `${savedText(lastSaved, step - 1)} Look at the records with "fine-tune check": the trained part may be constant, or the template may hide it.`,
    );
}
