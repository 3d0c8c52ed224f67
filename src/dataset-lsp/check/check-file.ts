import { setImmediate } from 'node:timers/promises';
import { byteOrderMark } from '../../dataset/encoding';
import type { FormatId } from '../../dataset/formats';
import { parseLine } from '../../dataset/jsonl';
import { lintDataset, type ValidationData } from '../dataset-lint';
import type { ActiveRule } from '../line-lint';
import { lintFile, lintText } from '../linter';
import { toProblem, type Problem } from '../placement';
import { BlockFile } from './block-file';
import { toCheckedFile, type CheckedFile, type ListOptions } from './checked-file';
import { openDataFile, type DataFile } from './data-file';
import { readHead, type Head } from './head';
import { rulesOf, type LineJob, type RuleSelection, type TokenCounting } from './job';
import { DEFAULT_LIMITS, ProblemList } from './problem-list';
import { progressOf, scanLines, type CheckControl, type Scan, type ScanOptions } from './scan';

export type { CheckedFile } from './checked-file';
export type { CheckControl, CheckProgress } from './scan';

export interface CheckFileOptions extends RuleSelection, ScanOptions, ListOptions {
  /** Overrules the detection. */
  readonly format?: FormatId | undefined;
  /** Absent: no tokens are counted. */
  readonly tokens?: TokenCounting | undefined;
  /** The other side of a split: a record must not be in both. */
  readonly validation?: string | undefined;
}

const SLICE_MS = 20;

/**
 * Checks a file of any size, line by line from the disk; memory grows by about sixty bytes a record, and by a hundred up
 * to the first million.
 * Throws a `Failure` (exit code 2) for a file that cannot be read or that changes meanwhile, and the signal's reason when it is aborted.
 */
export async function checkFile(
  path: string,
  options: CheckFileOptions = {},
  control: CheckControl = {},
): Promise<CheckedFile> {
  const file = await openDataFile(path, control.signal);
  const store = new BlockFile();
  const rules = rulesOf(options);
  try {
    if (file.wide) {
      const choice = { format: options.format, severities: options.severities, ruleOptions: options.ruleOptions };
      const { format, summary, problems } = lintText('', { ...choice, encoding: [file.wide] });
      return toCheckedFile(path, format, summary, asList(problems), rules, options, undefined);
    }
    return await checkOpen(file, store, rules, options, control);
  } finally {
    store.close();
    file.close();
  }
}

async function checkOpen(
  file: DataFile,
  store: BlockFile,
  rules: readonly ActiveRule[],
  options: CheckFileOptions,
  control: CheckControl,
): Promise<CheckedFile> {
  const head = readHead(file, options.format);
  const format = head.detection.kind === 'known' ? head.detection.format : undefined;
  const facts = format !== undefined && rules.some(({ rule }) => rule.check.dataset);
  const job: LineJob = {
    kind: head.document ? 'count' : 'check',
    format: format?.id,
    forced: options.format !== undefined,
    rules: { severities: options.severities, ruleOptions: options.ruleOptions, target: options.target },
    facts,
    tokens: options.tokens,
    perRule: options.limits?.perRule ?? DEFAULT_LIMITS.perRule,
  };
  const scan = await scanLines(file, job, options, control, store);
  const problems = listFileProblems(file, head, scan, rules, job);
  for (const problem of scan.problems.kept) problems.keep(problem);
  for (const [rule, count] of Object.entries(scan.problems.counts)) problems.count(rule, count);
  if (format && facts && !head.document) {
    const { table, reader } = scan;
    const validation = options.validation === undefined ? undefined : await readValidation(options, format.id, control);
    const dataset = {
      table,
      format,
      validation,
      recordOf: (row: number) => reader.recordOf(row),
      sourceOf: (line: number) => reader.sourceOf(line),
    };
    let until = 0;
    for (const one of lintDataset(dataset, rules)) {
      if (one) problems.add(toProblem(one.finding, one.line));
      if (performance.now() < until) continue;
      control.onProgress?.({ ...progressOf(file, file.size, problems), phase: 'comparing' });
      await setImmediate();
      control.signal?.throwIfAborted();
      until = performance.now() + SLICE_MS;
    }
  }
  file.assertUnchanged();
  const invalid = head.document ? scan.records : scan.invalid;
  const summary = {
    totalExamples: scan.records,
    validExamples: scan.records - invalid,
    invalidExamples: invalid,
    ...(options.tokens ? scan.tokens.summary() : {}),
    ...(options.tokens && options.tokens.model === undefined ? { tokensEstimated: true as const } : {}),
  };
  return toCheckedFile(file.path, format?.id ?? null, summary, problems, rules, options, scan.reader);
}

/** Findings about the file as a whole. */
function listFileProblems(
  file: DataFile,
  head: Head,
  scan: Scan,
  rules: readonly ActiveRule[],
  job: LineJob,
): ProblemList {
  const marks = file.begin > 0 ? [byteOrderMark()] : [];
  const context = {
    ...head,
    records: scan.records,
    bytes: file.size,
    encoding: [...marks, ...scan.encoding],
  };
  const problems = new ProblemList(job.perRule);
  const lineOf = (line: number): { readonly source: string; readonly parsed: ReturnType<typeof parseLine> } => {
    const source = scan.reader.sourceOf(line);
    return { source, parsed: parseLine(source) };
  };
  for (const { line, finding } of lintFile(context, rules, lineOf)) problems.add(toProblem(finding, line));
  problems.count('invalid-encoding', scan.encodingCount - scan.encoding.length);
  return problems;
}

/** Facts of the validation file, which must have the same format. */
async function readValidation(
  options: CheckFileOptions,
  format: FormatId,
  control: CheckControl,
): Promise<ValidationData> {
  const file = await openDataFile(options.validation!, control.signal);
  try {
    const job: LineJob = {
      kind: 'facts',
      format,
      forced: true,
      rules: {},
      facts: true,
      tokens: undefined,
      perRule: 0,
    };
    const { table } = await scanLines(file, job, options, { signal: control.signal });
    return { name: file.path, table };
  } finally {
    file.close();
  }
}

function asList(problems: readonly Problem[]): ProblemList {
  const list = new ProblemList(Infinity);
  for (const problem of problems) list.add(problem);
  return list;
}
