import type { EncodedExample } from '../dataset/example';
import type { RecordFacts } from './facts';
import type { LineResult } from './line-lint';
import type { LineFinding } from './placement';
import { SEVERITIES, type Severity } from './rules';

/** Tokens of a record, before the cut at the maximum length. */
export interface RowTokens {
  readonly total: number;
  /** Trained, after the cut. */
  readonly trained: number;
  readonly lost: number;
  readonly lostTrained: number;
}

/** What one row says by itself, kept as long as its text and the settings stay. */
export interface RowResult {
  /** Settings and format that it was made with. */
  readonly epoch: number;
  readonly blank: boolean;
  readonly invalid: boolean;
  /** The row holds a JSON object. */
  readonly isObject: boolean;
  /** Without their fixes, which hold the whole parsed record in memory: they are asked for anew. */
  readonly findings: readonly StoredFinding[];
  /** Number of findings by severity, in the order of `SEVERITIES`; absent when there are none. */
  readonly counts: readonly number[] | undefined;
  readonly facts: RecordFacts | undefined;
  readonly tokens: RowTokens | undefined;
  /** Its tokens have been counted, or there are none to count. */
  readonly tokenized: boolean;
}

export type StoredFinding = Omit<LineFinding, 'fixes'> & { readonly fixable: boolean };

const NOTHING: readonly StoredFinding[] = [];

export function rowResult(
  { blank, invalid, findings, facts, encoded }: LineResult,
  { epoch, isObject, withTokens }: { readonly epoch: number; readonly isObject: boolean; readonly withTokens: boolean },
): RowResult {
  return {
    epoch,
    blank,
    invalid,
    isObject,
    findings: findings.length === 0 ? NOTHING : findings.map(stored),
    counts: countSeverities(findings),
    facts,
    tokens: encoded && tokensOf(encoded),
    // What has no facts cannot be read as a record, so it has no tokens either.
    tokenized: withTokens || facts === undefined,
  };
}

/** For a row whose check has failed: nothing is said of it. */
export function failedRow(epoch: number, blank: boolean): RowResult {
  const nothing = { findings: NOTHING, counts: undefined, facts: undefined, tokens: undefined };
  return { epoch, blank, invalid: false, isObject: true, tokenized: true, ...nothing };
}

/** A `jsonl` file in an editor may be something other than training data. */
export function shownSeverity({ rule, severity }: Pick<LineFinding, 'rule' | 'severity'>): Severity {
  return rule === 'unknown-format' && severity === 'error' ? 'warning' : severity;
}

/** By severity, in the order of `SEVERITIES`; `undefined` for none. */
export function countSeverities(findings: readonly Pick<LineFinding, 'rule' | 'severity'>[]): number[] | undefined {
  if (findings.length === 0) return undefined;
  const counts = SEVERITIES.map(() => 0);
  for (const finding of findings) counts[SEVERITIES.indexOf(shownSeverity(finding))]!++;
  return counts;
}

/** A finding without its fixes. */
export function stored({ fixes, ...finding }: LineFinding): StoredFinding {
  return { ...finding, fixable: fixes !== undefined };
}

function tokensOf({ tokens, trained, lostTokens, lostTrainedTokens }: EncodedExample): RowTokens {
  let sum = 0;
  for (const one of trained) sum += one;
  return { total: tokens.length + lostTokens, trained: sum, lost: lostTokens, lostTrained: lostTrainedTokens };
}
