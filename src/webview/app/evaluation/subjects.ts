import type { BenchmarkResult, BenchmarkSubject, BothSides } from '../../../evaluation/report';
import { h } from '../dom';
import { countText } from '../format';
import { differenceText, valueText } from '../../../evaluation/numbers';

/** What a benchmark gives for groups of subjects, and for each subject, those first that lost most. */
export function subjectTable({ title, overall, subjects, groups }: BenchmarkResult): HTMLElement {
  const { unit } = overall;
  const rows = [...subjects].sort((a, b) => (differenceOf(a) ?? 0) - (differenceOf(b) ?? 0));
  const head = (text: string, kind?: string): HTMLElement => h('th', { scope: 'col', class: kind }, text);
  const row = (subject: BenchmarkSubject, kind?: string): HTMLElement =>
    h(
      'tr',
      { class: kind },
      h('th', { scope: 'row' }, subject.name.replaceAll('_', ' ')),
      h('td', { class: 'number' }, countText(subject.questions)),
      h('td', { class: 'number' }, valueText(subject.base, unit)),
      h('td', { class: 'number' }, valueText(subject.tuned, unit)),
      h('td', { class: 'number' }, differenceText(differenceOf(subject), unit)),
    );
  return h(
    'table',
    { class: 'by-subject' },
    h('caption', { class: 'unseen' }, `${title} by subject`),
    h(
      'thead',
      {},
      h('tr', {}, head('Subject'), ...['Questions', 'Base', 'Tuned', 'Difference'].map((name) => head(name, 'number'))),
    ),
    h('tbody', {}, ...groups.map((group) => row(group, 'group')), ...rows.map((subject) => row(subject))),
  );
}

function differenceOf({ base, tuned }: BothSides): number | null {
  return base === null || tuned === null ? null : tuned - base;
}
