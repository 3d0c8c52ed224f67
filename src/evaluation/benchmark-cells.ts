/** A benchmark in words and as a table. */
import { countText } from '../common/count-text';
import { NO_VALUE, valueText } from './numbers';
import type { BenchmarkResult, BenchmarkSubject, BothSides } from './report';

/** How the questions were asked, and what became of them. */
export function benchmarkFacts(result: BenchmarkResult): string {
  const { questions, shots, method, standardError, unanswered, cut, tuned } = {
    ...result,
    tuned: result.overall.tuned,
  };
  const how = method === 'generate' ? 'answers were written' : 'the likeliest choice counts (log-likelihood)';
  const sides = (of: BothSides, text: (value: number | null) => string): string =>
    tuned === null ? text(of.base) : of.base === null ? text(of.tuned) : `${text(of.base)} and ${text(of.tuned)}`;
  const error = sides(standardError, (value) => (value === null ? NO_VALUE : (100 * value).toFixed(2)));
  return [
    `${countText(questions)} ${questions === 1 ? 'question' : 'questions'}, ${shots} ${shots === 1 ? 'example' : 'examples'} before each; ${how}.`,
    `Standard error: ${error} percentage points.`,
    ...(unanswered ? [`Answers that name no choice, and count as wrong: ${sides(unanswered, String)}.`] : []),
    ...(cut > 0 ? [`Prompts that lost their beginning: ${cut}.`] : []),
  ].join(' ');
}

/** Shares of right answers, the head first: of the groups, then of the subjects. Empty where there is but one subject. */
export function benchmarkTable({ groups, subjects, overall }: BenchmarkResult): string[][] {
  if (subjects.length < 2) return [];
  const both = overall.tuned !== null;
  const cells = (title: string, { questions, base, tuned }: BenchmarkSubject): string[] => [
    title,
    countText(questions),
    valueText(base, 'share'),
    ...(both ? [valueText(tuned, 'share')] : []),
  ];
  return [
    ['subject', 'questions', 'base', ...(both ? ['tuned'] : [])],
    ...groups.map((group) => cells(`all of ${group.name}`, group)),
    ...subjects.map((subject) => cells(subject.name.replaceAll('_', ' '), subject)),
  ];
}
