/** The metrics of the answers that a model wrote while it was trained. */
import { metricFacts } from '../evaluation/metrics/catalog';
import { valueText } from '../evaluation/numbers';
import type { EvaluationEvent } from '../training/protocol';

/** `20 answers: Exact match 85.0 %, ROUGE-L 96.1 %`; `undefined` where none were written. */
export function answersText(
  { metrics, answers }: Pick<EvaluationEvent, 'metrics' | 'answers'>,
  before?: EvaluationEvent['metrics'],
): string | undefined {
  if (!metrics || answers === undefined) return undefined;
  const texts = Object.entries(metrics).map(([id, value]) => {
    const { title, unit } = metricFacts(id) ?? { title: id, unit: 'none' };
    const then = before && id in before ? ` (${valueText(before[id]!, unit)} before the first step)` : '';
    return `${title} ${valueText(value, unit)}${then}`;
  });
  return `${answers} ${answers === 1 ? 'answer' : 'answers'}: ${texts.join(', ')}`;
}
