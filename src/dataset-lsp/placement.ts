import { nodeAt, positionsOf, stringRange, type JsonNode } from '../dataset/jsonl';
import type { Fix } from './fixes';
import type { Severity } from './rules';
import type { Finding, RelatedPlace } from './rules/rule';

/** A finding of one line: UTF-16 offsets in that line, so that it stays right when lines before it come and go. */
export interface LineFinding {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  /** JSON pointer of the value in its record; empty for the record itself. */
  readonly pointer: string;
  readonly related?: readonly RelatedPlace[];
  readonly fixes?: () => readonly Fix[];
}

/** One finding in a file, as the report has it. Lines and columns are 1-based, columns in UTF-16 units; the end column is exclusive. */
export interface Problem {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly pointer: string;
  /** Some fix is on offer; it may still abstain. */
  readonly fixable: boolean;
  readonly related?: readonly RelatedPlace[];
}

/** Gives a finding its place in its line. `isJson`: the line could be parsed. */
export function placeInLine(
  rule: string,
  severity: Severity,
  finding: Finding,
  source: string,
  isJson: boolean,
): LineFinding {
  const { start, end } = finding.range ?? rangeOf(source, finding, isJson);
  return {
    rule,
    severity,
    message: finding.message,
    start,
    end: Math.max(start, end),
    pointer: finding.pointer ?? '',
    ...(finding.related ? { related: finding.related } : {}),
    ...(finding.fixes ? { fixes: finding.fixes } : {}),
  };
}

/** @param line 1-based */
export function toProblem(finding: LineFinding, line: number): Problem {
  const { rule, severity, message, start, end, pointer, related, fixes } = finding;
  return {
    rule,
    severity,
    message,
    line,
    column: start + 1,
    endLine: line,
    endColumn: end + 1,
    pointer,
    fixable: fixes !== undefined,
    ...(related ? { related } : {}),
  };
}

function rangeOf(
  source: string,
  { pointer, mark, within }: Finding,
  isJson: boolean,
): { readonly start: number; readonly end: number } {
  if (isJson && !pointer) {
    // The record itself: its place needs no tree of positions.
    const start = Math.max(0, source.search(/\S/));
    return { start, end: mark === 'start' ? start + 1 : source.trimEnd().length };
  }
  const root: JsonNode | undefined = isJson ? positionsOf(source) : undefined;
  // A field that is not there is shown at what would hold it.
  for (let path = pointer ?? ''; root; path = path.slice(0, path.lastIndexOf('/'))) {
    const found = nodeAt(root, path);
    if (!found) continue;
    if (mark === 'key' && found.member) return { start: found.member.keyStart, end: found.member.keyEnd };
    if (within && found.node.type === 'string') return stringRange(source, found.node, within.start, within.end);
    return { start: found.node.start, end: mark === 'start' ? found.node.start + 1 : found.node.end };
  }
  return { start: 0, end: source.length };
}
