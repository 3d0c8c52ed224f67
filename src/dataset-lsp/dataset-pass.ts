import { nodeAt, parseLine, positionsOf } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';
import { lintDataset, type ValidationData } from './dataset-lint';
import type { DatasetDocument, Row } from './document';
import { FactTable } from './facts';
import type { Fix } from './fixes';
import type { LineFinding } from './placement';
import type { RowChecker, StoredFinding } from './row-checker';
import type { RelatedPlace } from './rules/rule';

/** A place that a finding refers to: it moves with its row. */
export interface RelatedRow {
  readonly row: Row;
  /** UTF-16 range in the row's source. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** What the comparison of all records says of a row. */
export interface DatasetFinding extends StoredFinding {
  readonly rows: readonly RelatedRow[];
  /** Places in the validation file. */
  readonly elsewhere: readonly RelatedPlace[];
  /** Lines that fixes remove are rows here, so that they stay the right ones while lines come and go. */
  fixes(): readonly RowFix[];
}

export interface RowFix extends Fix {
  readonly removeRows: readonly Row[];
}

/** What is still known of a row by the last comparison: nothing about others that have been edited since. */
export function comparedFindings(document: DatasetDocument, { compared }: Row): readonly DatasetFinding[] {
  if (!compared) return [];
  const isHere = ({ rows }: DatasetFinding): boolean => rows.every(({ row }) => document.has(row));
  return compared.every(isHere) ? compared : compared.filter(isHere);
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
  const sourceOf = (line: number): string => rows[line - 1]?.source ?? '';
  for (const one of lintDataset({ table, format, validation, recordOf, sourceOf }, checker.rules)) {
    const row = one && rows[one.line - 1];
    if (row) {
      const list = found.get(row);
      const finding = onRows(one.finding, rows);
      if (list) list.push(finding);
      else found.set(row, [finding]);
    } else yield;
  }
  return found;
}

function onRows({ fixes, ...finding }: LineFinding, rows: readonly Row[]): DatasetFinding {
  const related = finding.related ?? [];
  const isHere = (place: RelatedPlace): boolean => !('file' in place) || place.file === undefined;
  return {
    ...finding,
    fixable: fixes !== undefined,
    rows: related.filter(isHere).flatMap(({ line, pointer, message }) => {
      const row = rows[line - 1];
      return row ? [{ row, ...rangeAt(row.source, pointer), message }] : [];
    }),
    elsewhere: related.filter((place) => !isHere(place)),
    fixes: () =>
      (fixes?.() ?? []).map((fix) => ({
        ...fix,
        removeRows: (fix.removeLines ?? []).flatMap((line) => rows[line - 1] ?? []),
      })),
  };
}

/** UTF-16 range of the value at a pointer; of the whole record where there is none. */
export function rangeAt(source: string, pointer: string | undefined): { readonly start: number; readonly end: number } {
  const root = pointer ? positionsOf(source) : undefined;
  const found = root && pointer ? nodeAt(root, pointer) : undefined;
  return found ? { start: found.node.start, end: found.node.end } : { start: 0, end: source.length };
}
