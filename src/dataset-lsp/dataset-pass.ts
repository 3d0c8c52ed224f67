import { nodeAt, parseLine, positionsOf } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';
import { lintDataset, type ValidationData } from './dataset-lint';
import type { DatasetDocument, Row } from './document';
import { FactTable } from './facts';
import type { Fix } from './fixes';
import type { LineFinding } from './placement';
import type { RowChecker } from './row-checker';
import type { StoredFinding } from './row-result';
import type { Severity } from './rules';
import type { RelatedPlace } from './rules/rule';

/** A place that a finding refers to: it moves with its row. */
export interface RelatedRow {
  readonly row: Row;
  /** UTF-16 range in the row's source. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** What the comparison of all records says of a row. There may be one for every record, so it holds little. */
export class DatasetFinding implements StoredFinding {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly pointer: string;
  readonly fixable: boolean;
  /** Other records that it is about. */
  readonly rows: readonly RelatedRow[];
  /** Places in the validation file. */
  readonly elsewhere: readonly RelatedPlace[];
  readonly #fixes: LineFinding['fixes'];
  readonly #linesThen: readonly Row[];

  /** @param linesThen the rows when the comparison was made */
  constructor(finding: LineFinding, linesThen: readonly Row[]) {
    this.rule = finding.rule;
    this.severity = finding.severity;
    this.message = finding.message;
    this.start = finding.start;
    this.end = finding.end;
    this.pointer = finding.pointer;
    this.fixable = finding.fixes !== undefined;
    this.#fixes = finding.fixes;
    this.#linesThen = linesThen;
    const rows: RelatedRow[] = [];
    const elsewhere: RelatedPlace[] = [];
    for (const place of finding.related ?? []) {
      const row = linesThen[place.line - 1];
      if ('file' in place && place.file !== undefined) elsewhere.push(place);
      else if (row) rows.push({ row, ...rangeAt(row.source, place.pointer), message: place.message });
    }
    this.rows = rows;
    this.elsewhere = elsewhere;
  }

  /** Lines that fixes remove are rows here, so that they stay the right ones while lines come and go. */
  fixes(): readonly RowFix[] {
    const rowsOf = (fix: Fix): Row[] => (fix.removeLines ?? []).flatMap((line) => this.#linesThen[line - 1] ?? []);
    return (this.#fixes?.() ?? []).map((fix) => ({ ...fix, removeRows: rowsOf(fix) }));
  }
}

export interface RowFix extends Fix {
  readonly removeRows: readonly Row[];
}

/** What is still known of a row by the last comparison: nothing about others that have been edited since. */
export function comparedFindings(document: DatasetDocument, { compared }: Row): readonly DatasetFinding[] {
  if (!compared) return NONE;
  for (const finding of compared)
    if (!isCurrent(document, finding)) return compared.filter((one) => isCurrent(document, one));
  return compared;
}

const NONE: readonly DatasetFinding[] = [];

function isCurrent(document: DatasetDocument, { rows }: DatasetFinding): boolean {
  for (const { row } of rows) if (!document.has(row)) return false;
  return true;
}

export type DatasetFindings = ReadonlyMap<Row, readonly DatasetFinding[]>;

/**
 * Compares all records of a document whose rows have been checked. Yields often; whoever runs it stops when the
 * document changes, since it reads the rows as they are.
 */
export function* compareRecords(
  document: DatasetDocument,
  checker: RowChecker,
  validation: ValidationData | undefined,
): Generator<void, DatasetFindings> {
  const found = new Map<Row, DatasetFinding[]>();
  const { format } = checker;
  if (!format || checker.whole || !checker.rules.some(({ rule }) => rule.check.dataset)) return found;
  const rows = document.rows.slice(0, document.length);
  const table = new FactTable();
  for (const [i, row] of rows.entries()) {
    const facts = row.result?.facts;
    if (facts) table.add(i + 1, facts);
    if (i % 1000 === 999) yield;
  }
  const recordOf = (index: number): Readonly<Record<string, unknown>> | undefined => {
    const parsed = parseLine(rows[table.lines[index]! - 1]!.source);
    return parsed.ok ? asRecord(parsed.value) : undefined;
  };
  let count = 0;
  const sourceOf = (line: number): string => rows[line - 1]?.source ?? '';
  for (const one of lintDataset({ table, format, validation, recordOf, sourceOf }, checker.rules)) {
    const row = one && rows[one.line - 1];
    if (row) {
      const list = found.get(row);
      const finding = new DatasetFinding(one.finding, rows);
      if (list) list.push(finding);
      else found.set(row, [finding]);
      if (++count % 64 === 0) yield;
    } else yield;
  }
  return found;
}

/** UTF-16 range of the value at a pointer; of the whole record where there is none. */
export function rangeAt(source: string, pointer: string | undefined): { readonly start: number; readonly end: number } {
  const root = pointer ? positionsOf(source) : undefined;
  const found = root && pointer ? nodeAt(root, pointer) : undefined;
  return found ? { start: found.node.start, end: found.node.end } : { start: 0, end: source.length };
}
