/** Greedy answers of a model that is open, all at once; a run in training asks so, and the demo. */
import { GREEDY, type Answer } from './generator';
import { type OpenModel, createSessionGenerator } from './session-generator';

export interface AnswerLimits {
  readonly maxNewTokens: number;
  readonly batchSize: number;
  /** Finished answers so far. */
  readonly onProgress: (done: number) => void;
  /** Asked before every token; the answers that are not finished then are `cancelled`. */
  readonly cancelled?: () => boolean;
}

/** The answers of a model as it is now. Prompts of like length share a batch; the answers are in the order of the prompts. */
export async function answerGreedily(
  model: OpenModel,
  prompts: readonly Int32Array[],
  { maxNewTokens, batchSize, onProgress, cancelled }: AnswerLimits,
): Promise<Answer[]> {
  const { learnedPositions, maxPositions } = model.checked.config;
  // Where positions are learned, an answer ends with the last of them.
  const contextLength = learnedPositions ? maxPositions : Infinity;
  const generator = createSessionGenerator(model, { parallel: batchSize, contextLength, cancelled });
  const answers = prompts.map((): Answer => ({ text: '', tokens: [], finish: 'length' }));
  const order = [...prompts.keys()].sort((a, b) => prompts[b]!.length - prompts[a]!.length);
  let done = 0;
  const ask = async (i: number): Promise<void> => {
    if (prompts[i]!.length < contextLength)
      answers[i] = await generator.answer(prompts[i]!, { sampling: { ...GREEDY, maxNewTokens } });
    if (answers[i]!.finish !== 'cancelled') onProgress(++done);
  };
  await Promise.all(order.map(ask));
  return answers;
}
