import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Format } from '../../dataset/formats';
import type { DatasetReport, ReportedIssue } from '../../dataset/report';
import { StatisticsBuilder, tokensOf, type DatasetStatistics } from '../../dataset/statistics';
import { isBlank, parseLine } from '../../dataset/jsonl';
import { asRecord } from '../../dataset/shape';
import type { EncodeOptions } from '../../dataset/labels';
import { lintLine } from '../line-lint';
import { isRefusal } from '../refusal';
import { RULES } from '../rules';
import { targetRules } from '../targets';
import { checkFile, type CheckControl, type CheckFileOptions, type CheckProgress } from './check-file';
import { openDataFile, type DataFile } from './data-file';
import { fileLines } from './file-lines';
import { readHead } from './head';
import { encodingOf } from './job';

const SEVERITIES = ['error', 'warning', 'information', 'hint'] as const;
// Small, since the file is given up between two of them.
const STEP = 1 << 18;

export interface StatisticsOptions extends CheckFileOptions {
  /** Who counts the tokens, for the reader; `null` when nobody does. */
  readonly vocabulary: string | null;
}

/**
 * Checks a file and measures it: read twice, once by all threads for the findings and once for the numbers.
 * Throws as `checkFile` does.
 */
export async function measureFile(
  path: string,
  options: StatisticsOptions,
  control: CheckControl = {},
): Promise<DatasetReport> {
  const half = (part: 0 | 1) => (progress: CheckProgress) =>
    control.onProgress?.({ ...progress, doneBytes: (progress.doneBytes + part * progress.totalBytes) / 2 });
  const checked = await checkFile(path, options, { signal: control.signal, onProgress: half(0) });
  const file = await openDataFile(path, control.signal);
  try {
    const { detection } = readHead(file, options.format);
    const format = detection.kind === 'known' && checked.format !== null ? detection.format : undefined;
    const statistics = await measure(file, format, options, { signal: control.signal, onProgress: half(1) });
    file.assertUnchanged();
    const first = new Map<string, { readonly line: number; readonly severity: ReportedIssue['severity'] }>();
    for (const { rule, line, severity } of checked.problems) if (!first.has(rule)) first.set(rule, { line, severity });
    const rules = [...RULES, ...(targetRules(options.target ?? '') ?? [])];
    const issues = Object.entries(checked.summary.issueCounts).flatMap(([rule, count]): ReportedIssue[] => {
      const found = first.get(rule);
      const title = rules.find(({ meta }) => meta.id === rule)?.meta.title ?? rule;
      return found ? [{ rule, title, severity: found.severity, count, firstLine: found.line }] : [];
    });
    const rank = ({ severity }: ReportedIssue): number => SEVERITIES.indexOf(severity);
    return {
      path,
      name: basename(path),
      bytes: file.size,
      statistics,
      issues: issues.sort((a, b) => rank(a) - rank(b) || b.count - a.count),
      vocabulary: options.tokens ? options.vocabulary : null,
      invalidRecords: checked.summary.invalidExamples,
    };
  } finally {
    file.close();
  }
}

async function measure(
  file: DataFile,
  format: Format | undefined,
  { tokens }: StatisticsOptions,
  control: CheckControl,
): Promise<DatasetStatistics> {
  const encode = tokens && encodingOf(tokens);
  const builder = new StatisticsBuilder({
    isRefusal,
    countTokens: encode && ((text) => encode.tokenizer.encode(text).ids.length),
    maxLength: tokens?.maxLength ?? 0,
    estimate: encode?.estimate === true,
  });
  if (file.wide) return builder.result(null);
  for (const { source, line, end, isLast } of fileLines(file, STEP)) {
    if (source === undefined) builder.addLine();
    else addLine(builder, source, line, format, encode);
    if (!isLast) continue;
    control.onProgress?.({ phase: 'reading', doneBytes: end, totalBytes: file.size, findings: 0 });
    await setImmediate();
    control.signal?.throwIfAborted();
  }
  return builder.result(format?.id ?? null);
}

function addLine(
  builder: StatisticsBuilder,
  source: string,
  line: number,
  format: Format | undefined,
  encode: EncodeOptions | undefined,
): void {
  if (isBlank(source)) return;
  builder.addLine();
  // Without rules only what makes a record unreadable is left: whether it has facts tells.
  const { facts, encoded } = lintLine(source, line, { format, forced: true, rules: [], encode, facts: true });
  const parsed = facts && parseLine(source);
  const record = parsed?.ok ? asRecord(parsed.value) : undefined;
  if (format && record) builder.addRecord(format.turns(record), encoded && tokensOf(encoded));
}
