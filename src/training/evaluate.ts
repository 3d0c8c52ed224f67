/** Loss, perplexity and token accuracy on held-out records. */
import type { Batch, RowBatch } from './batches';
import type { Evaluation } from './loop';
import type { EvaluationSession } from './session';

export async function evaluateBatches(
  session: EvaluationSession,
  batches: readonly RowBatch[],
  collate: (rows: RowBatch) => Batch,
  onProgress: (done: number) => void,
): Promise<Evaluation> {
  let loss = 0;
  let correct = 0;
  let trainedTokens = 0;
  for (const [i, rows] of batches.entries()) {
    const batch = collate(rows);
    const result = await session.forward(batch);
    loss += result.loss;
    trainedTokens += batch.trainedTokens;
    batch.labels.forEach((label, at) => {
      if (result.predictions[at] === label) correct++;
    });
    onProgress(i + 1);
  }
  const mean = loss / trainedTokens;
  return {
    // JSON has no NaN: a loss that is no number is null in events.
    loss: Number.isFinite(mean) ? mean : null,
    perplexity: Number.isFinite(Math.exp(mean)) ? Math.exp(mean) : null,
    tokenAccuracy: correct / trainedTokens,
    trainedTokens,
  };
}
