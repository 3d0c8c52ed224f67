import { METRICS } from '../evaluation/metrics/table';
import type { AnswerScores } from './protocol';
import type { Question } from './questions';

/**
 * The metrics of `eval_metrics` over the answers to the questions.
 * @throws Failure where a metric cannot read a reference, for example as JSON
 */
export function scoreAnswers(
  questions: readonly Pick<Question, 'reference'>[],
  answers: readonly string[],
  wanted: readonly string[],
): AnswerScores['metrics'] {
  const rows = questions.map(({ reference }, i) => ({ prediction: answers[i]!, references: [reference] }));
  const scores = METRICS.flatMap(({ id, tally }): [string, number | null][] => {
    if (!tally || !wanted.includes(id)) return [];
    const score = tally(rows).score();
    return [[id, Number.isFinite(score) ? score : null]];
  });
  return Object.fromEntries(scores);
}
