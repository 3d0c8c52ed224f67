/** What a run says of the answers that its model wrote; see `eval_metrics`. */
import type { AnswerScores, EvaluationEvent } from '../../training/protocol';
import type { RunModel } from './model';

export type Answered = EvaluationEvent & AnswerScores;

export function answeredEvaluations({ evaluations }: RunModel): Answered[] {
  return evaluations.filter((evaluation): evaluation is Answered => evaluation.metrics !== undefined);
}

/** The last of them at or before the step under the crosshair, or without one the last of all. */
export function shownEvaluation(model: RunModel, cross: number): Answered | undefined {
  const step = cross < 0 ? Infinity : model.series.column('step')[cross]!;
  return answeredEvaluations(model).findLast((evaluation) => evaluation.step <= step);
}
