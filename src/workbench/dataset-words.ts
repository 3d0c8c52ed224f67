import type { Problem } from '../dataset-lsp/placement';
import type { DatasetSummary } from '../dataset-lsp/protocol';
import { countText } from './words';

/** What `check --format json` says of one file. */
export interface CheckedReport {
  readonly summary: {
    readonly totalExamples: number;
    readonly invalidExamples: number;
    readonly issueCounts: Readonly<Record<string, number>>;
  };
  readonly problems: readonly Problem[];
}

/** `$(check) 1,204 examples`, or `$(warning) 3 errors`. */
export function datasetStatus(summary: Omit<DatasetSummary, 'uri' | 'version'>): {
  readonly text: string;
  readonly detail: string;
  readonly warn: boolean;
} {
  const { state, format, examples, invalid, errors, warnings, suppressed, tokens } = summary;
  const all = counted(examples, 'example');
  const lines = [`${all}, ${format === null ? 'of no known format' : `format ${format}`}`];
  if (errors > 0) lines.push(`${counted(errors, 'error')} in ${counted(invalid, 'example')}`);
  if (warnings > 0) lines.push(counted(warnings, 'warning'));
  if (suppressed > 0) lines.push(`${counted(suppressed, 'accepted finding')} not shown`);
  if (tokens) {
    const about = tokens.estimate ? 'About ' : '';
    lines.push(`${about}${counted(tokens.total, 'token')}, ${countText(tokens.trained)} of them trained`);
    if (tokens.lost > 0) lines.push(`${counted(tokens.lost, 'token')} cut off at the maximum length`);
  }
  const icon = errors > 0 || format === null ? 'warning' : state === 'checking' ? 'sync~spin' : 'check';
  const fine = warnings > 0 ? `${all}, ${counted(warnings, 'warning')}` : all;
  const text = errors > 0 ? counted(errors, 'error') : format === null ? 'Unknown format' : fine;
  return { text: `$(${icon}) ${text}`, detail: lines.join('\n'), warn: errors > 0 };
}

/** What a check of a whole file found, in one line. */
export function checkText(name: string, report: CheckedReport): string {
  const { totalExamples, invalidExamples, issueCounts } = report.summary;
  const all = Object.values(issueCounts).reduce((sum, count) => sum + count, 0);
  const found = all === 0 ? 'nothing was found' : counted(all, 'finding');
  const wrong = invalidExamples === 0 ? '' : `, ${countText(invalidExamples)} with errors`;
  return `${name}: ${counted(totalExamples, 'example')}${wrong}, ${found}.`;
}

/** Whether a service takes the file. @param refused findings of its rule */
export function targetText(name: string, refused: number): string {
  return refused === 0 ? `${name} takes it.` : `${name} does not take it: ${counted(refused, 'finding')}.`;
}

/** The last line of what a command printed: its result. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}
