import type { Progress } from './loop';

/** Where a run stood, from the state that a checkpoint holds; `undefined` when it does not say. */
export function readProgress(state: Readonly<Record<string, unknown>>): Progress | undefined {
  const number = (key: keyof Progress): number | undefined => (typeof state[key] === 'number' ? state[key] : undefined);
  const orNull = (key: keyof Progress): number | null | undefined => (state[key] === null ? null : number(key));
  const progress: Readonly<Record<keyof Progress, number | null | undefined>> = {
    step: number('step'),
    epoch: number('epoch'),
    trainedTokens: number('trainedTokens'),
    loss: orNull('loss'),
    bestLoss: orNull('bestLoss'),
    bestStep: orNull('bestStep'),
    evaluationsWithoutImprovement: number('evaluationsWithoutImprovement'),
    startingLoss: orNull('startingLoss'),
    startingSteps: number('startingSteps'),
    highLossSteps: number('highLossSteps'),
    raisedLossSteps: number('raisedLossSteps'),
  };
  return Object.values(progress).includes(undefined) ? undefined : (progress as Progress);
}
