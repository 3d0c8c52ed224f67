import { availableParallelism } from 'node:os';
import type { EncodingProblem } from '../../dataset/encoding';
import type { BlockStore } from '../../dataset/minhash';
import { FactTable } from '../facts';
import { TokenCounts } from '../linter';
import type { Problem } from '../placement';
import type { LineJob } from './job';
import type { OpenFile } from './line-block';
import { ProblemList } from './problem-list';
import { RecordReader } from './record-reader';
import { runChunks, type DoneChunk } from './run-chunks';

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

export interface ScanOptions {
  /** Bundle of `worker.ts`; without it everything is done in this thread. */
  readonly workerPath?: string | undefined;
  /** Default: one for each processor, at most 8. */
  readonly threads?: number | undefined;
}

const MOST_THREADS = 8;

export interface Scan {
  readonly records: number;
  readonly invalid: number;
  readonly problems: ProblemList;
  readonly encoding: readonly EncodingProblem[];
  readonly encodingCount: number;
  readonly tokens: TokenCounts;
  readonly table: FactTable;
  readonly reader: RecordReader;
}

/** What the lines say by themselves, put together. @param store for what a large table need not keep in memory */
export async function scanLines(
  file: OpenFile,
  job: LineJob,
  { workerPath, threads }: ScanOptions,
  control: CheckControl,
  store?: BlockStore,
): Promise<Scan> {
  const count = threads ?? Math.min(MOST_THREADS, availableParallelism());
  const table = new FactTable(store);
  const reader = new RecordReader(file, table);
  const tokens = new TokenCounts();
  const problems = new ProblemList(job.perRule);
  const encoding: EncodingProblem[] = [];
  let encodingCount = 0;
  let records = 0;
  let invalid = 0;
  for await (const chunk of runChunks(file, job, { workerPath, count }, control.signal)) {
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
    if (range.start === file.begin) table.reserve(expectedRows(file, chunk));
    table.append(found.facts, before);
    reader.add(chunk);
    control.onProgress?.(progressOf(file, range.end, problems));
  }
  return { records, invalid, problems, encoding, encodingCount, tokens, table, reader };
}

export function progressOf(file: OpenFile, doneBytes: number, problems: ProblemList): CheckProgress {
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

/** Rows of the whole file, by those of its first chunk. */
function expectedRows({ size }: OpenFile, { range, result }: DoneChunk): number {
  const share = (range.end - range.start) / size;
  return share === 1 ? result.rowOffsets.length : Math.ceil((result.rowOffsets.length / share) * 1.02);
}
