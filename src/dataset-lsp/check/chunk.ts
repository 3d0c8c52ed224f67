import { isAscii, isUtf8 } from 'node:buffer';
import { decodeLine, type EncodingProblem } from '../../dataset/encoding';
import { isBlank } from '../../dataset/jsonl';
import { FactTable, type FactColumns } from '../facts';
import { lintLine, type LineLintOptions } from '../line-lint';
import { TokenCounts, type TokenTotals } from '../linter';
import { toProblem, type Problem } from '../placement';
import { LONGEST_LINE, type LineBlock } from './line-block';
import { ProblemList } from './problem-list';

/** What is done with the lines of a block. */
export interface ChunkTask {
  /** Of the lint; `undefined`: the lines are only counted. */
  readonly lint: LineLintOptions | undefined;
  /** Most findings listed of one rule. */
  readonly perRule: number;
}

/** What the lines of a block say by themselves. Line numbers are 1-based from the block's first line. */
export interface ChunkResult {
  readonly lines: number;
  /** Lines that are not blank. */
  readonly records: number;
  readonly invalid: number;
  readonly problems: readonly Problem[];
  readonly counts: Readonly<Record<string, number>>;
  /** Lines whose bytes are not UTF-8, at most `perRule` of them. */
  readonly encoding: readonly EncodingProblem[];
  readonly encodingCount: number;
  readonly tokens: TokenTotals;
  readonly facts: FactColumns;
  /** Byte of each row of `facts` in the block. */
  readonly rowOffsets: Uint32Array<ArrayBuffer>;
}

export function lintBlock({ bytes, overlong }: LineBlock, { lint, perRule }: ChunkTask): ChunkResult {
  const problems = new ProblemList(perRule);
  const encoding: EncodingProblem[] = [];
  const tokens = new TokenCounts();
  const table = new FactTable();
  let rowOffsets = new Uint32Array(1024);
  let encodingCount = 0;
  let line = 0;
  let records = 0;
  let invalid = 0;
  const allPlain = isAscii(bytes);
  const isPlain = (start: number, end: number): boolean => allPlain || isAscii(bytes.subarray(start, end));
  const decode = lineDecoder(bytes, (problem) => {
    if (++encodingCount <= perRule) encoding.push(problem);
  });
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(10, start);
    const next = feed < 0 ? bytes.length : feed;
    const source = decode(start, next > start && bytes[next - 1] === 13 ? next - 1 : next, ++line);
    if (lint) {
      const result = lintLine(source, line, lint, isPlain(start, next));
      for (const finding of result.findings) {
        problems.count(finding.rule, 1);
        if (problems.hasRoom(finding.rule)) problems.keep(toProblem(finding, line));
      }
      if (!result.blank) records++;
      if (result.invalid) invalid++;
      if (result.encoded) tokens.add(result.encoded);
      if (result.facts) {
        if (table.length === rowOffsets.length) {
          const wider = new Uint32Array(rowOffsets.length * 2);
          wider.set(rowOffsets);
          rowOffsets = wider;
        }
        rowOffsets[table.length] = start;
        table.add(line, result.facts);
      }
    } else if (!isBlank(source)) records++;
    start = next + 1;
  }
  if (overlong) {
    line++;
    records++;
    invalid++;
    problems.add({
      rule: 'json-syntax',
      severity: 'error',
      message: `This line is longer than ${Math.round(LONGEST_LINE / 2 ** 20)} MB, which is more than can be read as one record. Split the record.`,
      line,
      column: 1,
      endLine: line,
      endColumn: 1,
      pointer: '',
      fixable: false,
    });
  }
  return {
    lines: line,
    records,
    invalid,
    problems: problems.kept,
    counts: problems.counts,
    encoding,
    encodingCount,
    tokens: tokens.totals,
    facts: table.toTransfer().columns,
    rowOffsets: rowOffsets.slice(0, table.length),
  };
}

/** Text of a part of the bytes. Latin text goes the short way, and wrong bytes are looked for only where there are some. */
export function lineDecoder(
  bytes: Buffer,
  onWrong: (problem: EncodingProblem) => void,
): (start: number, end: number, line: number) => string {
  if (isAscii(bytes)) return (start, end) => bytes.toString('latin1', start, end);
  if (isUtf8(bytes)) return (start, end) => bytes.toString('utf8', start, end);
  return (start, end, line) => {
    const part = bytes.subarray(start, end);
    if (isUtf8(part)) return part.toString('utf8');
    const { text, problems } = decodeLine(part, line);
    for (const problem of problems) onWrong(problem);
    return text;
  };
}
