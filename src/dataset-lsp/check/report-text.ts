import { styleText } from 'node:util';
import type { Problem } from '../placement';
import { SEVERITIES, type Rule, type Severity } from '../rules';
import type { CheckedFile } from './check-file';
import type { FixCounts } from './fix-file';
import { counted } from './words';

type Format = Parameters<typeof styleText>[0];
type Style = (format: Format, text: string) => string;

// More than anybody reads; the counts are complete, and "--format json" lists more.
const SHOWN = 200;
const LEAST_OF_A_RULE = 3;
const WIDEST_PLACE = 60;
const COLORS = { error: 'red', warning: 'yellow', information: 'blue', hint: 'dim' } as const;

/**
 * The report for people. Of each file: the verdict and what it holds, a line for each rule, then its findings as
 * `path:line:column severity message rule`, in their order, or by rule when there are more than anybody reads in order.
 */
export function* textReport(
  files: readonly CheckedFile[],
  rules: readonly Rule[],
  {
    color,
    fixed,
  }: { readonly color: boolean; /** The safe fixes have been applied already. */ readonly fixed: boolean },
): Generator<string> {
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  for (const file of files) {
    yield `${style('bold', file.path)}: ${verdict([file], style)}\n`;
    yield `  ${contents(file)}\n`;
    const { problems } = file;
    if (problems.length > 0) yield `\n${table(file, rules, style)}\n`;
    if (problems.length > SHOWN || file.unlisted > 0) yield* byRule(file, rules, style);
    else yield* findingLines(file.path, problems, style);
    yield '\n';
  }
  const fixable = !fixed && files.some((file) => file.problems.some((problem) => isSafelyFixable(problem, rules)));
  if (fixable) yield `${style('dim', 'Some of these findings are corrected by "fine-tune check --fix".')}\n`;
  yield `${verdict(files, style)}\n`;
}

function contents({ format, summary }: CheckedFile): string {
  const { totalExamples, invalidExamples, totalTokens, trainedTokens = 0, maxTokens = 0 } = summary;
  const parts = [
    format === null ? 'unknown format' : `format ${format}`,
    `${counted(totalExamples, 'record')}, ${invalidExamples.toLocaleString('en-US')} with errors`,
  ];
  if (totalTokens !== undefined && totalTokens > 0) {
    const about = summary.tokensEstimated ? 'about ' : '';
    const share = Math.round((trainedTokens / totalTokens) * 100);
    parts.push(
      `${about}${counted(totalTokens, 'token')} (${share} % trained, at most ${maxTokens.toLocaleString('en-US')} in one record)`,
    );
  }
  const accepted = Object.values(summary.suppressed ?? {}).reduce((sum, count) => sum + count, 0);
  if (accepted > 0) parts.push(`${counted(accepted, 'accepted finding')} not shown`);
  return parts.join(' · ');
}

/** Rules with their counts, the worst first. */
function table(file: CheckedFile, rules: readonly Rule[], style: Style): string {
  const rows = countedRules(file);
  const numbers = rows.map(({ count }) => count.toLocaleString('en-US'));
  const numberWidth = Math.max(...numbers.map((text) => text.length));
  const severityWidth = Math.max(...rows.map(({ severity }) => severity.length));
  const ruleWidth = Math.max(...rows.map(({ rule }) => rule.length));
  return rows
    .map(({ rule, severity }, i) => {
      const title = rules.find(({ meta }) => meta.id === rule)?.meta.title ?? '';
      const mark = style(COLORS[severity], severity.padEnd(severityWidth));
      return `  ${numbers[i]!.padStart(numberWidth)}  ${mark}  ${rule.padEnd(ruleWidth)}  ${style('dim', title)}\n`;
    })
    .join('');
}

function countedRules({
  problems,
  summary,
}: CheckedFile): { readonly rule: string; readonly severity: Severity; readonly count: number }[] {
  const severities = new Map(problems.map(({ rule, severity }) => [rule, severity]));
  return Object.entries(summary.issueCounts)
    .map(([rule, count]) => ({ rule, count, severity: severities.get(rule) ?? 'error' }))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count);
}

/** Some findings of every rule. */
function* byRule(file: CheckedFile, rules: readonly Rule[], style: Style): Generator<string> {
  const groups = countedRules(file);
  const each = Math.max(LEAST_OF_A_RULE, Math.floor(SHOWN / groups.length));
  for (const { rule, severity, count } of groups) {
    const shown = file.problems.filter((problem) => problem.rule === rule).slice(0, each);
    const advice = rules.find(({ meta }) => meta.id === rule)?.meta.whatToDo ?? '';
    yield `${style(COLORS[severity], rule)}  ${style('dim', advice)}\n`;
    yield* findingLines(file.path, shown, style);
    const rest = count - shown.length;
    if (rest > 0) yield `  … and ${counted(rest, 'more finding')} of this rule.\n`;
  }
  const hidden = file.unlisted > 0 ? 'lists more of them, with --all every one' : 'has all of them';
  yield `${style('dim', `--format json ${hidden}.`)}\n`;
}

function* findingLines(path: string, problems: readonly Problem[], style: Style): Generator<string> {
  const places = problems.map(({ line, column }) => `${path}:${line}:${column}`);
  const placeWidth = Math.min(WIDEST_PLACE, Math.max(0, ...places.map((place) => place.length)));
  const severityWidth = Math.max(0, ...problems.map(({ severity }) => severity.length));
  for (const [i, { severity, message, rule }] of problems.entries())
    yield `${places[i]!.padEnd(placeWidth)}  ${style(COLORS[severity], severity.padEnd(severityWidth))}  ${message}  ${style('dim', rule)}\n`;
}

function isSafelyFixable({ rule, fixable }: Problem, rules: readonly Rule[]): boolean {
  const fixes = rules.find(({ meta }) => meta.id === rule)?.meta.fixes;
  return fixable && (fixes === 'safe' || fixes === 'both');
}

function verdict(files: readonly CheckedFile[], style: Style): string {
  const count = (severity: Severity): number => files.reduce((sum, file) => sum + file.severityCounts[severity], 0);
  const errors = count('error');
  const others = count('information') + count('hint');
  if (errors + count('warning') + others === 0) return style('green', 'No findings.');
  const parts = [counted(errors, 'error'), counted(count('warning'), 'warning')];
  if (others > 0) parts.push(`${others.toLocaleString('en-US')} for information`);
  return style(errors > 0 ? 'red' : 'yellow', `${parts.join(', ')}.`);
}

/** What `--fix` did to a file. */
export function fixText(path: string, counts: FixCounts): string {
  const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (entries.length === 0) return `${path}: nothing to fix.`;
  const all = entries.reduce((sum, [, count]) => sum + count, 0);
  return `${path}: ${counted(all, 'safe fix', 'safe fixes')} (${entries.map(([rule, count]) => `${count} ${rule}`).join(', ')}).`;
}
