import {
  CodeActionKind,
  type CodeAction,
  type CodeActionParams,
  type Diagnostic,
  type Range,
  type TextEdit,
} from 'vscode-languageserver/node';
import { comparedFindings, type DatasetFinding, type RowFix } from '../dataset-pass';
import type { DatasetDocument, Row } from '../document';
import { fixLine } from '../fix-text';
import type { Fix, LineEdit } from '../fixes';
import type { OpenDataset } from '../open-dataset';
import type { LineFinding } from '../placement';
import { CLIENT_COMMANDS, DIAGNOSTIC_SOURCE, FIX_ALL } from '../protocol';
import { RULES } from '../rules';

/** What the client gets back to ask for the edit of "fix all". */
export interface FixAllData {
  readonly uri: string;
}

// A selection of many records is one for "fix all".
const MOST_ROWS = 100;
const SAFE_RULES: ReadonlySet<string> = new Set(
  RULES.filter(({ meta }) => meta.fixes === 'safe' || meta.fixes === 'both').map(({ meta }) => meta.id),
);
const LOCKED: ReadonlySet<string> = new Set(RULES.filter(({ meta }) => meta.locked).map(({ meta }) => meta.id));

/** Ways out of the findings in a range. A fix that abstains is not offered. */
export function codeActions(dataset: OpenDataset, { range, context }: CodeActionParams): CodeAction[] {
  const { document, checker } = dataset;
  const wants = (kind: string): boolean =>
    !context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
  const actions: CodeAction[] = [];
  if (wants(CodeActionKind.QuickFix)) {
    const rules = new Set<string>();
    const first = document.locate(range.start).index;
    const last = Math.min(document.locate(range.end).index, first + MOST_ROWS, document.length - 1);
    for (let i = first; i <= last; i++) {
      const row = document.rows[i]!;
      const found = findingsIn(dataset, row, range);
      for (const finding of found) {
        rules.add(finding.rule);
        const reported = context.diagnostics.filter((one) =>
          isAbout(one, finding, document.rangeIn(row, finding.start, finding.end)),
        );
        for (const fix of fixesOf(finding)) {
          const edits = editsOf(document, row, fix);
          if (edits) actions.push(quickFix(document, fix, edits, reported));
        }
      }
      if (found.length > 0 && !checker.whole) actions.push(...fixRecord(dataset, row));
    }
    for (const rule of rules) actions.push(...ruleActions(rule, document.uri));
  }
  if (wants(FIX_ALL) && hasSafeFix(dataset)) {
    const data: FixAllData = { uri: document.uri };
    actions.push({ title: 'Fix all safe problems in this file', kind: FIX_ALL, data });
  }
  return actions;
}

/** Edits of all safe fixes of a document. Yields between records. */
export function* fixAllEdits(dataset: OpenDataset): Generator<void, TextEdit[]> {
  const { document, checker } = dataset;
  const edits: TextEdit[] = [];
  if (checker.whole) return edits;
  const { format, rules } = checker;
  const options = { format, forced: checker.forced, rules };
  if (removesMark(dataset)) {
    const start = document.positionAt(0, 0);
    edits.push({ range: { start, end: document.positionAt(0, document.rows[0]!.skipped) }, newText: '' });
  }
  for (let i = 0; i < document.length; i++) {
    const row = document.rows[i]!;
    if (!checker.resultOf(row).findings.some(({ rule, fixable }) => fixable && SAFE_RULES.has(rule))) continue;
    const { source } = fixLine(row.source, i + 1, options);
    if (source === undefined) edits.push({ range: document.fullRange(i), newText: '' });
    else edits.push(...difference(document, row, source));
    yield;
  }
  return mergeRemovals(edits);
}

type ActionFinding = LineFinding | DatasetFinding;

function findingsIn({ checker, document, summary }: OpenDataset, row: Row, range: Range): ActionFinding[] {
  if (checker.whole) return [];
  const { findings, tokenized } = checker.resultOf(row);
  const own = findings.length > 0 ? checker.findingsOf(row, tokenized) : [];
  const ofFile = checker
    .fileFindings(summary.examples)
    .flatMap(({ line, finding }) => (line === row.index + 1 ? [finding] : []));
  return [...ofFile, ...own, ...comparedFindings(document, row)].filter(({ start, end }) =>
    overlaps(document.rangeIn(row, start, end), range),
  );
}

function fixesOf(finding: ActionFinding): readonly (Fix | RowFix)[] {
  return finding.fixes?.() ?? [];
}

/** `undefined` when the fix no longer fits the document. */
function editsOf(document: DatasetDocument, row: Row, fix: Fix | RowFix): TextEdit[] | undefined {
  const inRow = (edited: Row, lineEdits: readonly LineEdit[]): TextEdit[] =>
    lineEdits.map(({ start, end, text }) => ({ range: document.rangeIn(edited, start, end), newText: text }));
  const everyLine = 'everyLine' in fix ? fix.everyLine : undefined;
  const edits = [
    ...inRow(row, fix.edits ?? []),
    ...(everyLine ? document.rows.flatMap((each) => inRow(each, everyLine(each.source))) : []),
  ];
  const removed =
    'removeRows' in fix ? fix.removeRows : (fix.removeLines ?? []).flatMap((line) => document.rows[line - 1] ?? []);
  if (removed.some((one) => !document.has(one))) return undefined;
  const indexes = [...new Set(removed.map((one) => one.index))].sort((a, b) => a - b);
  const removals = runsOf(indexes).map(([from, to]) => ({ range: document.fullRange(from, to), newText: '' }));
  const all = [...edits, ...removals];
  return all.length > 0 ? all : undefined;
}

/** Neighbouring rows go in one piece: the end of a file is removed with the line feed before it. */
function runsOf(indexes: readonly number[]): (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const index of indexes) {
    const last = runs.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}

function quickFix(document: DatasetDocument, fix: Fix, edits: TextEdit[], diagnostics: Diagnostic[]): CodeAction {
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics,
    ...(fix.safe ? { isPreferred: true } : {}),
    edit: workspaceEdit(document, edits),
  };
}

/** The edit holds only for the version that it was made for. */
export function workspaceEdit({ uri, version }: DatasetDocument, edits: TextEdit[]): NonNullable<CodeAction['edit']> {
  return { documentChanges: [{ textDocument: { uri, version }, edits }] };
}

function fixRecord({ document, checker }: OpenDataset, row: Row): CodeAction[] {
  const { format, rules, forced } = checker;
  const { source, applied } = fixLine(row.source, row.index + 1, { format, forced, rules });
  if (applied.length < 2) return [];
  const edits =
    source === undefined ? [{ range: document.fullRange(row.index), newText: '' }] : difference(document, row, source);
  return [
    {
      title: `Fix all ${applied.length} safe problems in this record`,
      kind: CodeActionKind.QuickFix,
      edit: workspaceEdit(document, edits),
    },
  ];
}

function ruleActions(rule: string, uri: string): CodeAction[] {
  if (LOCKED.has(rule) || !RULES.some(({ meta }) => meta.id === rule)) return [];
  const action = (title: string, ...rest: readonly string[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    command: { title, command: CLIENT_COMMANDS.configureRule, arguments: [rule, uri, ...rest] },
  });
  return [action(`Switch the rule "${rule}" off`, 'off'), action(`Change the severity of "${rule}"…`)];
}

function hasSafeFix(dataset: OpenDataset): boolean {
  const { document, checker } = dataset;
  if (checker.whole) return false;
  if (removesMark(dataset)) return true;
  for (let i = 0; i < document.length; i++) {
    const findings = document.rows[i]!.result?.findings ?? [];
    if (findings.some(({ rule, fixable }) => fixable && SAFE_RULES.has(rule))) return true;
  }
  return false;
}

/** Whether there is a byte order mark that the safe fixes remove. */
function removesMark({ document, choice }: OpenDataset): boolean {
  return document.rows[0]!.skipped > 0 && choice.severities?.['invalid-encoding'] !== 'off';
}

/** The part of a row that differs, so that the cursor stays where it is. */
function difference(document: DatasetDocument, row: Row, after: string): TextEdit[] {
  const before = row.source;
  if (before === after) return [];
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let same = 0;
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  const range = document.rangeIn(row, start, before.length - same);
  return [{ range, newText: after.slice(start, after.length - same) }];
}

/** Edits may not overlap: where the last rows all go, only the first of them takes the line feed before it. */
function mergeRemovals(edits: TextEdit[]): TextEdit[] {
  const merged: TextEdit[] = [];
  for (const edit of edits) {
    const last = merged.at(-1);
    if (last && last.newText === '' && edit.newText === '' && isBefore(edit.range.start, last.range.end))
      merged[merged.length - 1] = {
        range: { start: earlier(last.range.start, edit.range.start), end: edit.range.end },
        newText: '',
      };
    else merged.push(edit);
  }
  return merged;
}

type Place = Range['start'];

function isBefore(a: Place, b: Place): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

function earlier(a: Place, b: Place): Place {
  return isBefore(b, a) ? b : a;
}

function overlaps(a: Range, b: Range): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

function isAbout({ source, code, range }: Diagnostic, { rule }: ActionFinding, own: Range): boolean {
  const same = (a: Place, b: Place): boolean => a.line === b.line && a.character === b.character;
  return source === DIAGNOSTIC_SOURCE && code === rule && same(range.start, own.start) && same(range.end, own.end);
}
