/** `fine-tune check`: checks files of any size and writes the report as text, JSON or SARIF. */
import { relative, sep } from 'node:path';
import { checkFile, type CheckControl, type CheckedFile, type CheckFileOptions } from './check/check-file';
import { fixFile } from './check/fix-file';
import { jsonReport } from './check/report-json';
import { sarifReport } from './check/report-sarif';
import { fixText, textReport } from './check/report-text';
import { rulesFor, type RuleSettings } from './rule-config';
import { RULES } from './rules';
import { openSuppressions, writeSuppressions } from './suppressions-file';
import { acceptFindings } from './suppressions';
import { targetRules } from './targets';

export { checkFile, type CheckedFile } from './check/check-file';
export { parseRuleFlags } from './check/rule-flags';

export const REPORT_FORMATS = ['text', 'json', 'sarif'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface RunCheckOptions extends Omit<CheckFileOptions, 'accepted' | 'recordHashes'> {
  readonly output: ReportFormat;
  /** Of this program, for SARIF. */
  readonly version: string;
  readonly color?: boolean;
  /** Severities and options by glob, from the working folder; `severities` and `ruleOptions` overrule them. */
  readonly ruleSettings?: RuleSettings | undefined;
  /** Apply the safe fixes before the check. */
  readonly fix?: boolean;
  /** Write what is found into the suppressions file. */
  readonly accept?: boolean;
  /** Gets parts of the report, in order. */
  readonly write: (text: string) => void;
  /** Gets whole lines about what was done to files; the report may be read by a program. */
  readonly note: (line: string) => void;
}

/**
 * Checks files and writes the report.
 * Throws a `Failure` (exit code 2) for what cannot be read, and the signal's reason when it is aborted.
 * @returns 0: no error, 1: errors found
 */
export async function runCheck(
  paths: readonly string[],
  options: RunCheckOptions,
  control: CheckControl & { readonly onFile?: (path: string) => void } = {},
): Promise<0 | 1> {
  const files: CheckedFile[] = [];
  for (const path of paths) {
    control.onFile?.(path);
    const chosen = { ...options, ...ruleChoice(options, path) };
    if (options.fix) options.note(fixText(path, await fixFile(path, chosen, control.signal)));
    const { path: suppressionsPath, suppressions, nameOf } = openSuppressions(path);
    const name = nameOf(path);
    const accepted = options.accept ? undefined : suppressions[name];
    const recordHashes = options.output === 'sarif';
    const checked = await checkFile(path, { ...chosen, accepted, recordHashes }, control);
    files.push(checked);
    if (!options.accept) continue;
    writeSuppressions(suppressionsPath, acceptFindings(suppressions, name, checked.summary.issueCounts));
    options.note(`The findings of ${path} are accepted in ${suppressionsPath}.`);
  }
  const rules = [...RULES, ...((options.target !== undefined && targetRules(options.target)) || [])];
  const report =
    options.output === 'json'
      ? jsonReport(files)
      : options.output === 'sarif'
        ? sarifReport(files, rules, options.version)
        : textReport(files, rules, { color: options.color ?? false, fixed: options.fix ?? false });
  for (const part of report) options.write(part);
  return files.some((file) => file.severityCounts.error > 0) ? 1 : 0;
}

/** Rules of one file: what the settings say of it, and what the command line says of all files. */
export function ruleChoice(
  { ruleSettings, severities, ruleOptions }: Pick<RunCheckOptions, 'ruleSettings' | 'severities' | 'ruleOptions'>,
  path: string,
): Pick<RunCheckOptions, 'severities' | 'ruleOptions'> {
  if (!ruleSettings) return { severities, ruleOptions };
  const own = rulesFor(ruleSettings, relative('', path).split(sep).join('/'));
  return {
    severities: { ...own.severities, ...severities },
    ruleOptions: { ...own.ruleOptions, ...ruleOptions },
  };
}
