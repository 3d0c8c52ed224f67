import type { PreflightCode } from './codes';

export interface Finding {
  readonly code: PreflightCode;
  readonly severity: 'blocks' | 'warns';
  /** What and where, with numbers. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

/** Above this share of the records a finding is no accident but how the run is set up. */
export const MANY = 0.3;

export function severityFor(share: number, limit: number): Finding['severity'] {
  return share > limit ? 'blocks' : 'warns';
}

/** "12 of 40 records (30.0 %)" */
export function countOf(count: number, total: number): string {
  return `${count} of ${total} ${total === 1 ? 'record' : 'records'} (${((100 * count) / total).toFixed(1)} %)`;
}

const SHOWN = 5;

/** "line 3" or "lines 3, 4, 9, 12, 13 and 20 more" */
export function linesText(lines: readonly number[]): string {
  const more = lines.length > SHOWN ? ` and ${lines.length - SHOWN} more` : '';
  return `${lines.length === 1 ? 'line' : 'lines'} ${lines.slice(0, SHOWN).join(', ')}${more}`;
}
