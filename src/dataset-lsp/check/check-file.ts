import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { byteOrderMark } from '../../dataset/encoding';
import type { FormatId } from '../../dataset/formats';
import { lintDataset, type ValidationData } from '../dataset-lint';
import { FactTable } from '../facts';
import type { ActiveRule } from '../line-lint';
import { lintFile, lintText, TokenCounts, type LintSummary } from '../linter';
import { toProblem, type Problem } from '../placement';
import type { Severity } from '../rules';
import { parseLine } from '../../dataset/jsonl';
import { suppressedRules } from '../suppressions';
import { openDataFile, type DataFile } from './data-file';
import { readHead, type Head } from './head';
import { rulesOf, type LineJob, type RuleSelection, type TokenCounting } from './job';
import { DEFAULT_LIMITS, ProblemList, type ListLimits } from './problem-list';
import { RecordReader } from './record-reader';
import { runChunks, type Threads } from './run-chunks';

export interface CheckFileOptions extends RuleSelection {
  /** Overrules the detection. */
  readonly format?: FormatId | undefined;
  /** Absent: no tokens are counted. */
  readonly tokens?: TokenCounting | undefined;
  /** The other side of a split: a record must not be in both. */
  readonly validation?: string | undefined;
  readonly limits?: ListLimits | undefined;
  /** Rule → number of its findings in this file that a person has accepted. */
  readonly accepted?: Readonly<Record<string, number>> | undefined;
  /** Hash the records of the findings, so that a finding can be recognised when its line has moved. */
  readonly recordHashes?: boolean | undefined;
  /** Bundle of `worker.ts`; without it everything is done in this thread. */
  readonly workerPath?: string | undefined;
  /** Default: one for each processor, at most 8. */
  readonly threads?: number | undefined;
}

export interface CheckProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly findings: number;
  /** `reading` the lines, then `comparing` all records. */
  readonly phase: 'reading' | 'comparing';
}

export interface CheckControl {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
}

export interface CheckedFile {
  /** As the user wrote it. */
  readonly path: string;
  readonly format: FormatId | null;
  readonly summary: LintSummary & {
    /** The tokens were counted by the default vocabulary, not by that of a model. */
    readonly tokensEstimated?: true;
    /** Findings by rule that a person has accepted; they are in none of the other counts. */
    readonly suppressed?: Readonly<Record<string, number>>;
  };
  /** In order of their place. When there are more than the limits, `summary` still counts all of them. */
  readonly problems: readonly Problem[];
  /** Findings that are counted but not listed. */
  readonly unlisted: number;
  /** All findings, listed or not. */
  readonly severityCounts: Readonly<Record<Severity, number>>;
  /** One for each problem, when asked for. */
  readonly recordHashes?: readonly string[];
}

const MOST_THREADS = 8;
const SLICE_MS = 20;

/**
 * Checks a file of any size, line by line from the disk; memory grows by about a hundred bytes a record.
 * Throws a `Failure` (exit code 2) for a file that cannot be read or that changes meanwhile, and the signal's reason when it is aborted.
 */
export async function checkFile(
  path: string,
  options: CheckFileOptions = {},
  control: CheckControl = {},
): Promise<CheckedFile> {
  const file = await openDataFile(path, control.signal);
  const rules = rulesOf(options);
  try {
    if (file.wide) {
      const choice = { format: options.format, severities: options.severities, ruleOptions: options.ruleOptions };
      const { format, summary, problems } = lintText('', { ...choice, encoding: [file.wide] });
      return result(path, format, summary, asList(problems), rules, options, undefined);
    }
    return await checkOpen(file, rules, options, control);
  } finally {
    file.close();
  }
}

async function checkOpen(
  file: DataFile,
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
  const scan = await scanLines(file, job, options, control);
  const problems = listFileProblems(file, head, scan, rules, job);
  for (const problem of scan.problems.kept) problems.keep(problem);
  for (const [rule, count] of Object.entries(scan.problems.counts)) problems.count(rule, count);
  if (format && facts && !head.document) {
    const { table, reader } = scan;
    const validation = options.validation === undefined ? undefined : await readValidation(options, format.id, control);
    try {
      const dataset = {
        table,
        format,
        validation: validation?.data,
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
    } finally {
      validation?.file.close();
    }
  }
  file.assertUnchanged();
  const invalid = head.document ? scan.records : scan.invalid;
  const summary = {
    totalExamples: scan.records,
    validExamples: scan.records - invalid,
    invalidExamples: invalid,
    ...(options.tokens ? scan.tokens.summary() : {}),
    ...(options.tokens && !options.tokens.model ? { tokensEstimated: true as const } : {}),
  };
  return result(file.path, format?.id ?? null, summary, problems, rules, options, scan.reader);
}

interface Scan {
  readonly records: number;
  readonly invalid: number;
  readonly problems: ProblemList;
  readonly encoding: readonly { readonly line: number; readonly column: number; readonly message: string }[];
  readonly encodingCount: number;
  readonly tokens: TokenCounts;
  readonly table: FactTable;
  readonly reader: RecordReader;
}

/** What the lines say by themselves, put together. */
async function scanLines(
  file: DataFile,
  job: LineJob,
  options: CheckFileOptions,
  control: CheckControl,
): Promise<Scan> {
  const table = new FactTable();
  const reader = new RecordReader(file, table);
  const tokens = new TokenCounts();
  const problems = new ProblemList(job.perRule);
  const encoding: { readonly line: number; readonly column: number; readonly message: string }[] = [];
  let encodingCount = 0;
  let records = 0;
  let invalid = 0;
  for await (const chunk of runChunks(file, job, threadsOf(options), control.signal)) {
    const { result: found, range } = chunk;
    const before = reader.lines;
    for (const problem of found.problems) problems.keep(moved(problem, before));
    for (const [rule, count] of Object.entries(found.counts)) problems.count(rule, count);
    for (const one of found.encoding)
      if (encoding.length < job.perRule) encoding.push({ ...one, line: one.line + before });
    encodingCount += found.encodingCount;
    records += found.records;
    invalid += found.invalid;
    tokens.merge(found.tokens);
    table.append(found.facts, before);
    reader.add(chunk);
    control.onProgress?.(progressOf(file, range.end, problems));
  }
  return { records, invalid, problems, encoding, encodingCount, tokens, table, reader };
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
    forced: job.forced,
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
): Promise<{ readonly data: ValidationData; readonly file: DataFile }> {
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
    const { table, reader } = await scanLines(file, job, options, { signal: control.signal });
    const data = { name: file.path, table, recordOf: (row: number) => reader.recordOf(row) };
    return { data, file };
  } catch (error) {
    file.close();
    throw error;
  }
}

function threadsOf({ workerPath, threads }: CheckFileOptions): Threads {
  return { workerPath, count: threads ?? Math.min(MOST_THREADS, availableParallelism()) };
}

function progressOf(file: DataFile, doneBytes: number, problems: ProblemList): CheckProgress {
  let findings = 0;
  for (const count of Object.values(problems.counts)) findings += count;
  return { doneBytes, totalBytes: file.size, findings, phase: 'reading' };
}

/** A chunk counts its lines from 1. */
function moved(problem: Problem, lines: number): Problem {
  if (lines === 0) return problem;
  const { related } = problem;
  return {
    ...problem,
    line: problem.line + lines,
    endLine: problem.endLine + lines,
    ...(related ? { related: related.map((place) => ({ ...place, line: place.line + lines })) } : {}),
  };
}

function asList(problems: readonly Problem[]): ProblemList {
  const list = new ProblemList(Infinity);
  for (const problem of problems) list.add(problem);
  return list;
}

function result(
  path: string,
  format: FormatId | null,
  summary: Omit<CheckedFile['summary'], 'issueCounts'>,
  problems: ProblemList,
  rules: readonly ActiveRule[],
  { limits = DEFAULT_LIMITS, accepted, recordHashes }: CheckFileOptions,
  reader: RecordReader | undefined,
): CheckedFile {
  const counts = Object.entries(problems.counts).filter(([, count]) => count > 0);
  const hidden = suppressedRules(accepted, Object.fromEntries(counts));
  const issueCounts = Object.fromEntries(counts.filter(([rule]) => !hidden.has(rule)));
  const severityCounts = { error: 0, warning: 0, information: 0, hint: 0 };
  for (const { rule, severity } of rules) severityCounts[severity] += issueCounts[rule.meta.id] ?? 0;
  const listed = problems.listed(limits.total, hidden);
  const all = Object.values(issueCounts).reduce((sum, count) => sum + count, 0);
  return {
    path,
    format,
    summary: {
      ...summary,
      issueCounts,
      ...(hidden.size > 0 ? { suppressed: Object.fromEntries(counts.filter(([rule]) => hidden.has(rule))) } : {}),
    },
    problems: listed,
    unlisted: all - listed.length,
    severityCounts,
    ...(recordHashes ? { recordHashes: listed.map(({ line }) => hashOf(reader?.sourceOf(line) ?? '')) } : {}),
  };
}

function hashOf(record: string): string {
  return createHash('sha256').update(record.trim()).digest('hex').slice(0, 16);
}
