/** `fine-tune check`: lints files and writes the report as text or JSON. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import { decodeText, type DecodedText } from '../dataset/encoding';
import { lintText, type LintOptions, type LintResult, type Problem } from './linter';
import { RULES, SEVERITY_CHOICES, type SeverityChoice } from './rules';

interface CheckedFile extends LintResult {
  /** As the user wrote it. */
  readonly path: string;
}
interface CheckReport {
  readonly files: readonly CheckedFile[];
}
export type CheckOptions = Pick<LintOptions, 'format' | 'severities' | 'ruleOptions' | 'encode'>;

/** Throws a `Failure` (exit code 2) for a file that cannot be read. */
export async function checkFiles(paths: readonly string[], options: CheckOptions = {}): Promise<CheckReport> {
  const files: CheckedFile[] = [];
  for (const path of paths) {
    const { text, problems } = await readDatasetFile(path);
    const { format, summary, problems: found } = lintText(text, { ...options, encoding: problems });
    files.push({ path, format, summary, problems: found });
  }
  return { files };
}

/**
 * Checks files and writes the report. 0: no error, 1: errors found; what cannot be read is a `Failure` with exit code 2.
 * @param write gets whole lines, each with its line end
 */
export async function runCheck(
  paths: readonly string[],
  options: CheckOptions & {
    readonly output: 'text' | 'json';
    readonly color?: boolean;
    readonly write: (text: string) => void;
  },
): Promise<0 | 1> {
  const report = await checkFiles(paths, options);
  options.write(options.output === 'json' ? reportAsJson(report) : reportAsText(report, options.color ?? false));
  return hasErrors(report) ? 1 : 0;
}

/** Reads a data file: fast for plain UTF-8, with the places where it is not otherwise. */
async function readDatasetFile(path: string): Promise<DecodedText> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return !marked && isUtf8(bytes) && !bytes.includes(0)
      ? { text: bytes.toString('utf8'), problems: [] }
      : decodeText(bytes);
  } catch {
    // V8 holds no text of more than about half a billion characters.
    throw new Failure(
      'data-too-large',
      `${path} is too large to be read in one piece.`,
      'Split it into files of at most 500 MB.',
      2,
    );
  }
}

/** Reads `rule=severity` pairs of the command line. Throws a `Failure` (exit code 2) that names the nearest rule. */
export function parseSeverities(pairs: readonly string[]): Record<string, SeverityChoice> {
  const ids = RULES.map((rule) => rule.meta.id);
  const choices = SEVERITY_CHOICES;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [id = '', wanted = ''] = pair.split('=', 2);
      const rule = RULES.find((one) => one.meta.id === id);
      if (!rule) {
        const near = nearest(id, ids);
        throw new Failure(
          'usage',
          `There is no rule "${id}".`,
          near ? `Did you mean "${near}"?` : `The rules are ${ids.join(', ')}.`,
          2,
        );
      }
      const severity = choices.find((choice) => choice === wanted);
      if (!severity)
        throw new Failure('usage', `"${pair}" names no severity.`, `Write ${id}=${choices.join(`, ${id}=`)}.`, 2);
      if (rule.meta.locked && severity !== 'error')
        throw new Failure(
          'usage',
          `The rule "${id}" cannot be lowered: such a record cannot be trained.`,
          'Correct the records, or remove them.',
          2,
        );
      return [id, severity] as const;
    }),
  );
}

function hasErrors(report: CheckReport): boolean {
  return report.files.some((file) => file.problems.some((problem) => problem.severity === 'error'));
}

/** The object of `check --format json`, with a line end. */
function reportAsJson(report: CheckReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

// More than anybody reads; the counts below the list are complete, and so is the JSON.
const SHOWN = 200;

/** The report for people: one line a finding, `path:line:column severity message rule`, then the counts. */
function reportAsText(report: CheckReport, color: boolean): string {
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const colors = { error: 'red', warning: 'yellow', information: 'blue', hint: 'dim' } as const;
  const lines: string[] = [];
  for (const { path, format, summary, problems } of report.files) {
    for (const { line, column, severity, message, rule } of problems.slice(0, SHOWN))
      lines.push(`${path}:${line}:${column}  ${style(colors[severity], severity)}  ${message}  ${style('dim', rule)}`);
    if (problems.length > SHOWN)
      lines.push(`… and ${counted(problems.length - SHOWN, 'more finding')}; --format json has all of them.`);
    if (problems.length > 0) lines.push('');
    const tokens =
      summary.totalTokens === undefined
        ? ''
        : `, ${counted(summary.totalTokens, 'token')} (${summary.trainedTokens} trained, at most ${summary.maxTokens} in one record)`;
    const records = `${counted(summary.totalExamples, 'record')}, ${summary.invalidExamples} with errors${tokens}`;
    lines.push(`${style('bold', path)}: ${format === null ? 'unknown format' : `format ${format}`}, ${records}`);
    const counts = Object.entries(summary.issueCounts).sort((a, b) => b[1] - a[1]);
    for (const [rule, count] of counts) lines.push(`  ${String(count).padStart(6)}  ${rule}`);
    lines.push('');
  }
  const all = report.files.flatMap((file) => file.problems);
  lines.push(verdict(all, style));
  return `${lines.join('\n')}\n`;
}

function verdict(
  problems: readonly Problem[],
  style: (format: Parameters<typeof styleText>[0], text: string) => string,
): string {
  const count = (severity: Problem['severity']): number =>
    problems.filter((problem) => problem.severity === severity).length;
  const errors = count('error');
  if (problems.length === 0) return style('green', 'No findings.');
  const parts = [counted(errors, 'error'), counted(count('warning'), 'warning')];
  if (count('information') > 0) parts.push(`${count('information')} for information`);
  return style(errors > 0 ? 'red' : 'yellow', `${parts.join(', ')}.`);
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function unreadable(path: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new Failure('data-missing', `The file ${path} does not exist.`, 'Check the path.', 2);
  if (code === 'EISDIR') return new Failure('data-unreadable', `${path} is a folder.`, 'Name the files in it.', 2);
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('data-unreadable', `The file ${path} cannot be read: ${reason}.`, 'Check its permissions.', 2);
}
