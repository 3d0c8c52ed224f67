/** Loss and token accuracy on held-out records; perplexity, or of preference pairs the rewards. */
import type { Batch, RowBatch } from './batches';
import type { Evaluation } from './loop';
import { RewardSums } from './preference';
import type { EvaluationSession } from './session';

export async function evaluateBatches(
  session: EvaluationSession,
  batches: readonly RowBatch[],
  collate: (rows: RowBatch) => Batch,
  beta: number,
  onProgress: (done: number) => void,
): Promise<Evaluation> {
  let loss = 0;
  let correct = 0;
  let looked = 0;
  let trainedTokens = 0;
  const rewardSums = new RewardSums(beta);
  for (const [i, rows] of batches.entries()) {
    const batch = collate(rows);
    const result = await session.forward(batch);
    loss += result.loss;
    trainedTokens += batch.trainedTokens;
    if (batch.pairs) rewardSums.add(result.nll, batch.pairs);
    const good = batch.labels.subarray(0, batch.pairs?.at(-1)!.chosen[1]);
    looked += good.length;
    good.forEach((label, at) => {
      if (result.predictions[at] === label) correct++;
    });
    onProgress(i + 1);
  }
  const rewards = rewardSums.means();
  const mean = loss / (rewards ? rewardSums.pairs : trainedTokens);
  const perplexity = rewards ? NaN : Math.exp(mean);
  return {
    // JSON has no NaN: a loss that is no number is null in events.
    loss: Number.isFinite(mean) ? mean : null,
    perplexity: Number.isFinite(perplexity) ? perplexity : null,
    tokenAccuracy: correct / looked,
    trainedTokens,
    ...(rewards && { rewards }),
  };
}
