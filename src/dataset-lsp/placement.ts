import { nodeAt, positionsOf, type JsonNode, type LineValue } from '../dataset/jsonl';
import type { Rule, Severity } from './rules';
import type { Finding } from './rules/rule';

/** One finding. Lines and columns are 1-based, columns in UTF-16 units; the end column is exclusive. */
export interface Problem {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** JSON pointer of the value in its record; empty for the record itself. */
  readonly pointer: string;
  readonly fixable: boolean;
}

interface PlacedLine {
  readonly number: number;
  readonly source: string;
  readonly parsed: LineValue;
}

/** Gives a finding its place in the file. `line` is the line it stands on, if that is a record. */
export function place(rule: Rule, severity: Severity, finding: Finding, line: PlacedLine | undefined): Problem {
  const number = finding.line ?? line?.number ?? 1;
  const source = line?.source ?? '';
  const { start, end } = finding.range ?? rangeOf(source, finding, line?.parsed.ok === true);
  return {
    rule: rule.meta.id,
    severity,
    message: finding.message,
    line: number,
    column: start + 1,
    endLine: number,
    endColumn: Math.max(start, end) + 1,
    pointer: finding.pointer ?? '',
    fixable: false,
  };
}

function rangeOf(
  source: string,
  { pointer, mark }: Finding,
  isJson: boolean,
): { readonly start: number; readonly end: number } {
  const root: JsonNode | undefined = isJson ? positionsOf(source) : undefined;
  // A field that is not there is shown at what would hold it.
  for (let path = pointer ?? ''; root; path = path.slice(0, path.lastIndexOf('/'))) {
    const found = nodeAt(root, path);
    if (!found) continue;
    if (mark === 'key' && found.member) return { start: found.member.keyStart, end: found.member.keyEnd };
    return { start: found.node.start, end: mark === 'start' ? found.node.start + 1 : found.node.end };
  }
  return { start: 0, end: source.length };
}
