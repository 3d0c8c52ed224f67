import { DiagnosticSeverity, DiagnosticTag, type Diagnostic } from 'vscode-languageserver/node';
import { comparedFindings, rangeAt, type DatasetFinding } from './dataset-pass';
import type { DatasetDocument, Row } from './document';
import type { LineFinding } from './placement';
import { DIAGNOSTIC_SOURCE, MOST_DIAGNOSTICS, ruleUrl, type DatasetSummary } from './protocol';
import type { RowChecker } from './row-checker';
import { countSeverities, shownSeverity, stored, type StoredFinding } from './row-result';
import { SEVERITIES, type Severity } from './rules';
import { suppressedRules } from './suppressions';

export interface Report {
  readonly diagnostics: Diagnostic[];
  readonly counts: Pick<
    DatasetSummary,
    'format' | 'examples' | 'invalid' | 'errors' | 'warnings' | 'information' | 'suppressed'
  >;
  /** Sums over the records that have been counted, and how many were not yet. */
  readonly tokens: {
    readonly total: number;
    readonly trained: number;
    readonly lost: number;
    readonly uncounted: number;
  };
}

interface Input {
  readonly document: DatasetDocument;
  readonly checker: RowChecker;
  /** Rule → number of findings that a person has accepted. */
  readonly accepted: Readonly<Record<string, number>> | undefined;
  readonly rulesPage: string | undefined;
  /** URI of the validation file, for places in it. */
  readonly validationUri: string | undefined;
}

/** A row with at least one finding. */
interface RowFindings {
  readonly row: Row;
  /** About the file, shown at this row. */
  readonly ofFile: readonly StoredFinding[];
  readonly own: readonly StoredFinding[];
  readonly compared: readonly DatasetFinding[];
}

/**
 * All findings of a document: as diagnostics, and counted. Of too many, errors go before warnings and the first before
 * the last, and one more diagnostic tells about the rest. It is made at every key press, so rows without findings cost
 * next to nothing, and only what is shown is made.
 */
export function reportOn(input: Input): Report {
  const { document, checker } = input;
  const { rows, length } = document;
  const tokens = { total: 0, trained: 0, lost: 0, uncounted: 0 };
  let examples = 0;
  let invalid = 0;
  let reported: RowFindings[] = [];
  const { whole } = checker;
  for (let i = 0; i < length; i++) {
    const row = rows[i]!;
    const { result } = row;
    if (result?.blank !== true) examples++;
    if (!result) continue;
    if (result.invalid) invalid++;
    if (!whole && (result.counts || row.compared)) {
      const compared = comparedFindings(document, row);
      if (result.counts || compared.length > 0) reported.push({ row, ofFile: NONE, own: result.findings, compared });
    }
    if (!result.tokenized) tokens.uncounted++;
    else if (result.tokens) {
      tokens.total += result.tokens.total;
      tokens.trained += result.tokens.trained;
      tokens.lost += result.tokens.lost;
    }
  }
  // An empty file says nothing yet, and neither do blank lines in it.
  if (examples === 0) reported = [];
  else addFileFindings(document, reported, checker.fileFindings(examples));
  const { visible, suppressed } = withoutAccepted(reported, input.accepted);
  const counts = SEVERITIES.map(() => 0);
  for (const { row, ofFile, own, compared } of visible) {
    const ownCounts = own === row.result?.findings ? row.result.counts : countSeverities(own);
    if (ownCounts) for (let i = 0; i < counts.length; i++) counts[i]! += ownCounts[i]!;
    for (const some of [ofFile, compared]) for (const one of some) counts[SEVERITIES.indexOf(shownSeverity(one))]!++;
  }
  const [errors = 0, warnings = 0, information = 0] = counts;
  return {
    diagnostics: diagnosticsOf(visible, counts, input),
    counts: {
      format: checker.format?.id ?? null,
      examples,
      invalid: whole ? examples : invalid,
      errors,
      warnings,
      information,
      suppressed,
    },
    tokens,
  };
}

const NONE: readonly StoredFinding[] = [];

/** Puts what is said of the file as a whole to its rows, in order of the rows. */
function addFileFindings(
  document: DatasetDocument,
  reported: RowFindings[],
  ofFile: readonly { readonly line: number; readonly finding: LineFinding }[],
): void {
  for (const { line, finding } of ofFile) {
    const row = document.rows[line - 1] ?? document.rows[0]!;
    let at = reported.findIndex((one) => one.row.index >= row.index);
    if (at < 0) at = reported.length;
    const there = reported[at]?.row === row ? reported[at] : undefined;
    const { own = NONE, compared = [] } = there ?? {};
    const merged = { row, ofFile: [...(there?.ofFile ?? NONE), stored(finding)], own, compared };
    reported.splice(at, there ? 1 : 0, merged);
  }
}

function withoutAccepted(
  reported: readonly RowFindings[],
  accepted: Input['accepted'],
): { readonly visible: readonly RowFindings[]; readonly suppressed: number } {
  if (!accepted) return { visible: reported, suppressed: 0 };
  const issues: Record<string, number> = {};
  const count = ({ rule }: StoredFinding): void => void (issues[rule] = (issues[rule] ?? 0) + 1);
  for (const { ofFile, own, compared } of reported) [ofFile, own, compared].forEach((some) => some.forEach(count));
  const hidden = suppressedRules(accepted, issues);
  if (hidden.size === 0) return { visible: reported, suppressed: 0 };
  const isShown = ({ rule }: StoredFinding): boolean => !hidden.has(rule);
  const visible = reported.map(({ row, ofFile, own, compared }) => ({
    row,
    ofFile: ofFile.filter(isShown),
    own: own.filter(isShown),
    compared: compared.filter(isShown),
  }));
  return { visible, suppressed: [...hidden].reduce((sum, rule) => sum + issues[rule]!, 0) };
}

function diagnosticsOf(reported: readonly RowFindings[], counts: readonly number[], input: Input): Diagnostic[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Each severity by itself where not all can be shown, else all of them in order of their places.
  const passes: readonly (readonly Severity[])[] =
    total <= MOST_DIAGNOSTICS ? [SEVERITIES] : SEVERITIES.map((severity) => [severity]);
  const diagnostics: Diagnostic[] = [];
  for (const severities of passes) {
    if (severities.every((severity) => counts[SEVERITIES.indexOf(severity)] === 0)) continue;
    for (const { row, ofFile, own, compared } of reported) {
      if (diagnostics.length === MOST_DIAGNOSTICS) break;
      const findings = [...ofFile, ...own, ...compared].filter((one) => severities.includes(shownSeverity(one)));
      if (findings.length > 1) findings.sort((a, b) => a.start - b.start);
      for (const finding of findings.slice(0, MOST_DIAGNOSTICS - diagnostics.length))
        diagnostics.push(toDiagnostic(row, finding, input));
    }
  }
  const rest = total - diagnostics.length;
  if (rest > 0)
    diagnostics.push({
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      severity: DiagnosticSeverity.Information,
      source: DIAGNOSTIC_SOURCE,
      message: `${rest} more ${rest === 1 ? 'finding is' : 'findings are'} not shown here. "fine-tune check" lists all of them.`,
    });
  return diagnostics;
}

const LSP_SEVERITY = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
} as const;

function toDiagnostic(
  row: Row,
  finding: StoredFinding | DatasetFinding,
  { document, rulesPage, validationUri }: Input,
): Diagnostic {
  const { rule, message, start, end, fixable } = finding;
  const related = relatedOf(row, finding, document, validationUri);
  return {
    range: document.rangeIn(row, start, end),
    severity: LSP_SEVERITY[shownSeverity(finding)],
    source: DIAGNOSTIC_SOURCE,
    code: rule,
    message,
    ...(rulesPage !== undefined ? { codeDescription: { href: ruleUrl(rulesPage, rule) } } : {}),
    ...(rule === 'blank-line' ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    ...(related.length > 0 ? { relatedInformation: related } : {}),
    ...(fixable ? { data: { fixable } } : {}),
  };
}

function relatedOf(
  row: Row,
  finding: StoredFinding | DatasetFinding,
  document: DatasetDocument,
  validationUri: string | undefined,
): NonNullable<Diagnostic['relatedInformation']> {
  const { uri } = document;
  if (!('rows' in finding))
    // One row knows no other row: its related places are its own, whatever line it was on.
    return (finding.related ?? []).map(({ pointer, message }) => {
      const { start, end } = rangeAt(row.source, pointer);
      return { location: { uri, range: document.rangeIn(row, start, end) }, message };
    });
  const here = finding.rows.map((place) => ({
    location: { uri, range: document.rangeIn(place.row, place.start, place.end) },
    message: place.message,
  }));
  const there = finding.elsewhere.flatMap(({ line, message }) => {
    if (validationUri === undefined) return [];
    const position = { line: line - 1, character: 0 };
    return [{ location: { uri: validationUri, range: { start: position, end: position } }, message }];
  });
  return [...here, ...there];
}
