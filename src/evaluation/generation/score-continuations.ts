import type { EncodedExample } from '../../dataset/example';
import type { Batch } from '../../training/batches';
import type { EvaluationSession } from '../../training/session';
import type { Score } from './generator';
import { ANY_TOKEN, labelled } from './labelled';
import { indexOfMax } from './sampler';

interface Question {
  readonly prompt: Int32Array;
  readonly continuations: readonly Int32Array[];
  /** Rows of a batch. */
  readonly parallel: number;
  readonly vocabulary: number;
}

/** As `Generator.logLikelihoods`. Continuations of one token share one row; a longer one is a row with the whole prompt. */
export async function scoreContinuations(
  session: EvaluationSession,
  collate: (rows: readonly EncodedExample[]) => Batch,
  { prompt, continuations, parallel, vocabulary }: Question,
): Promise<Score[]> {
  const scores = continuations.map((): Score => ({ logProbability: 0, greedy: true }));
  const indices = [...continuations.keys()];
  const short = indices.filter((i) => continuations[i]!.length === 1);
  const long = indices.filter((i) => continuations[i]!.length > 1);
  if (short.length > 0) {
    const { data } = await session.logits(collate([labelled([...prompt, ANY_TOKEN], 1)]));
    const logits = (data as Float32Array).subarray(0, vocabulary);
    const likeliest = indexOfMax(logits);
    const logSum = logSumExp(logits, logits[likeliest]!);
    for (const i of short) {
      const token = continuations[i]![0]!;
      scores[i] = { logProbability: logits[token]! - logSum, greedy: token === likeliest };
    }
  }
  for (let at = 0; at < long.length; at += parallel) {
    const group = long.slice(at, at + parallel);
    const rows = group.map((i) => labelled([...prompt, ...continuations[i]!], continuations[i]!.length));
    const { nll, predictions } = await session.forward(collate(rows));
    let place = 0;
    for (const i of group) {
      let logProbability = 0;
      let greedy = true;
      for (const token of continuations[i]!) {
        logProbability -= nll[place]!;
        greedy &&= predictions[place] === token;
        place++;
      }
      scores[i] = { logProbability, greedy };
    }
  }
  return scores;
}

function logSumExp(values: Float32Array, highest: number): number {
  let sum = 0;
  for (const value of values) sum += Math.exp(value - highest);
  return highest + Math.log(sum);
}
