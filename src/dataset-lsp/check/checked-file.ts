import { createHash } from 'node:crypto';
import type { FormatId } from '../../dataset/formats';
import type { ActiveRule } from '../line-lint';
import type { LintSummary } from '../linter';
import type { Problem } from '../placement';
import type { Severity } from '../rules';
import { suppressedRules } from '../suppressions';
import { DEFAULT_LIMITS, type ListLimits, type ProblemList } from './problem-list';
import type { RecordReader } from './record-reader';

export interface CheckedFile {
  /** As the user wrote it. */
  readonly path: string;
  readonly format: FormatId | null;
  readonly summary: LintSummary & {
    /** The tokens were counted by the default vocabulary, not by that of a model. */
    readonly tokensEstimated?: true;
    /** Findings by rule that a person has accepted; they are in none of the other counts. */
    readonly suppressed?: Readonly<Record<string, number>>;
  };
  /** In order of their place. When there are more than the limits, `summary` still counts all of them. */
  readonly problems: readonly Problem[];
  /** Findings that are counted but not listed. */
  readonly unlisted: number;
  /** All findings, listed or not. */
  readonly severityCounts: Readonly<Record<Severity, number>>;
  /** One for each problem, when asked for. */
  readonly recordHashes?: readonly string[];
}

export interface ListOptions {
  readonly limits?: ListLimits | undefined;
  /** Rule → number of its findings in this file that a person has accepted. */
  readonly accepted?: Readonly<Record<string, number>> | undefined;
  /** Hash the records of the findings, so that a finding can be recognised when its line has moved. */
  readonly recordHashes?: boolean | undefined;
}

/** Puts together what was found. @param reader absent: the file has no lines */
export function toCheckedFile(
  path: string,
  format: FormatId | null,
  summary: Omit<CheckedFile['summary'], 'issueCounts'>,
  problems: ProblemList,
  rules: readonly ActiveRule[],
  { limits = DEFAULT_LIMITS, accepted, recordHashes }: ListOptions,
  reader: RecordReader | undefined,
): CheckedFile {
  const counts = Object.entries(problems.counts).filter(([, count]) => count > 0);
  const hidden = suppressedRules(accepted, Object.fromEntries(counts));
  const issueCounts = Object.fromEntries(counts.filter(([rule]) => !hidden.has(rule)));
  const severityCounts = { error: 0, warning: 0, information: 0, hint: 0 };
  for (const { rule, severity } of rules) severityCounts[severity] += issueCounts[rule.meta.id] ?? 0;
  const listed = problems.listed(limits.total, hidden);
  const all = Object.values(issueCounts).reduce((sum, count) => sum + count, 0);
  return {
    path,
    format,
    summary: {
      ...summary,
      issueCounts,
      ...(hidden.size > 0 ? { suppressed: Object.fromEntries(counts.filter(([rule]) => hidden.has(rule))) } : {}),
    },
    problems: listed,
    unlisted: all - listed.length,
    severityCounts,
    ...(recordHashes ? { recordHashes: listed.map(({ line }) => hashOf(reader?.sourceOf(line) ?? '')) } : {}),
  };
}

function hashOf(record: string): string {
  return createHash('sha256').update(record.trim()).digest('hex').slice(0, 16);
}
