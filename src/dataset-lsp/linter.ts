import { byteOrderMark, type EncodingProblem } from '../dataset/encoding';
import type { EncodedExample } from '../dataset/example';
import { detectFileFormat, formatById, type Detection, type FormatId } from '../dataset/formats';
import { isBlank, parseLine, splitLines, type LineValue } from '../dataset/jsonl';
import type { EncodeOptions } from '../dataset/labels';
import { asRecord } from '../dataset/shape';
import { lintDataset, type ValidationData } from './dataset-lint';
import { FactTable } from './facts';
import { activeRules, lintParsed, type ActiveRule, type RuleChoice } from './line-lint';
import { placeInLine, toProblem, type LineFinding, type Problem } from './placement';
import type { FileContext } from './rules/rule';

export type { Problem } from './placement';

/**
 * Counts of a file. The token counts are there only when a tokenizer was given; they are those of the whole records,
 * before the cut at the maximum length, except `trainedTokens`: what is left to train after the cut.
 */
export interface LintSummary {
  readonly totalExamples: number;
  readonly validExamples: number;
  /** Records with at least one error. */
  readonly invalidExamples: number;
  readonly avgTokens?: number;
  readonly maxTokens?: number;
  readonly minTokens?: number;
  readonly totalTokens?: number;
  readonly trainedTokens?: number;
  readonly issueCounts: Readonly<Record<string, number>>;
}

export interface LintResult {
  readonly format: FormatId | null;
  readonly summary: LintSummary;
  /** In order of their place. */
  readonly problems: readonly Problem[];
}

export interface LintOptions extends RuleChoice {
  /** Overrules the detection. */
  readonly format?: FormatId | undefined;
  /** With it, records are tokenised: token counts, and records of which nothing is trained. */
  readonly encode?: EncodeOptions | undefined;
  /** Gets every example that was tokenised, in order of the lines. Complete only when there are no errors. */
  readonly onExample?: ((example: EncodedExample) => void) | undefined;
  /** What `decodeText` found in the bytes of the file. */
  readonly encoding?: readonly EncodingProblem[] | undefined;
  /** The other side of a split: a record must not be in both. */
  readonly validation?: ValidationData | undefined;
}

interface ParsedLine {
  readonly number: number;
  readonly start: number;
  readonly source: string;
  readonly parsed: LineValue;
}

/** Checks the text of a JSON Lines file. Reports every finding; never throws because of what the text holds. */
export function lintText(text: string, options: LintOptions = {}): LintResult {
  const lines: ParsedLine[] = [];
  for (const { number, start, end } of splitLines(text)) {
    const source = text.slice(start, end);
    const parsed: LineValue = isBlank(source) ? { ok: true, value: undefined } : parseLine(source);
    lines.push({ number, start, source, parsed });
  }
  const rules = activeRules(options);
  const records = lines.filter(({ parsed }) => !parsed.ok || parsed.value !== undefined);
  const detection = detect(records, options.format);
  const format = detection.kind === 'known' ? detection.format : undefined;
  const file: FileContext = {
    records: records.length,
    detection,
    first: firstObject(records),
    encoding: options.encoding ?? (text.startsWith('\uFEFF') ? [byteOrderMark()] : []),
    document: wholeDocument(text, records),
  };
  const found: { readonly line: number; readonly finding: LineFinding }[] = lintFile(
    file,
    rules,
    (line) => lines[line - 1],
  );
  const counts = new TokenCounts();
  const table = new FactTable();
  const facts = rules.some(({ rule }) => rule.check.dataset);
  let invalid = file.document ? records.length : 0;
  for (const { number, source, parsed } of file.document ? [] : lines) {
    const lineOptions = { format, forced: options.format !== undefined, rules, encode: options.encode, facts };
    const result = lintParsed(source, number, parsed, lineOptions);
    for (const finding of result.findings) found.push({ line: number, finding });
    if (result.encoded) {
      counts.add(result.encoded);
      options.onExample?.(result.encoded);
    }
    if (result.facts) table.add(number, result.facts);
    if (result.invalid) invalid++;
  }
  if (format && facts) {
    const recordOf = (row: number): Readonly<Record<string, unknown>> | undefined => {
      const parsed = lines[table.lines[row]! - 1]?.parsed;
      return parsed?.ok ? asRecord(parsed.value) : undefined;
    };
    const sourceOf = (line: number): string => lines[line - 1]?.source ?? '';
    const dataset = { table, format, recordOf, sourceOf, validation: options.validation };
    for (const one of lintDataset(dataset, rules)) if (one) found.push(one);
  }
  const problems = found
    .map(({ line, finding }) => toProblem(finding, line))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  return {
    format: format?.id ?? null,
    summary: {
      totalExamples: records.length,
      validExamples: records.length - invalid,
      invalidExamples: invalid,
      ...(options.encode ? counts.summary() : {}),
      issueCounts: countIssues(problems),
    },
    problems,
  };
}

export function countIssues(problems: Iterable<{ readonly rule: string }>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rule } of problems) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}

/** Findings about the file as a whole, each at its line. */
export function lintFile(
  file: FileContext,
  rules: readonly ActiveRule[],
  lineOf: (line: number) => { readonly source: string; readonly parsed: LineValue } | undefined,
): { readonly line: number; readonly finding: LineFinding }[] {
  const found: { readonly line: number; readonly finding: LineFinding }[] = [];
  for (const { rule, severity, values } of rules)
    rule.check.file?.(
      file,
      (finding) => {
        const line = finding.line ?? 1;
        const at = finding.range ? undefined : lineOf(line);
        const placed = placeInLine(rule.meta.id, severity, finding, at?.source ?? '', at?.parsed.ok === true);
        found.push({ line, finding: placed });
      },
      values,
    );
  return found;
}

function detect(records: readonly { readonly parsed: LineValue }[], forced: FormatId | undefined): Detection {
  if (forced !== undefined) return { kind: 'known', format: formatById(forced) };
  return detectFileFormat(objectsOf(records));
}

function* objectsOf(records: readonly { readonly parsed: LineValue }[]): Generator<Readonly<Record<string, unknown>>> {
  for (const { parsed } of records) {
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    if (value) yield value;
  }
}

function firstObject(records: readonly ParsedLine[]): FileContext['first'] {
  for (const { number, parsed } of records) {
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    if (value) return { line: number, value };
  }
  return undefined;
}

/** One JSON value over several lines, or a list of them in one: what other tools call a JSON file. */
export function wholeDocument(
  text: string,
  lines: readonly Pick<ParsedLine, 'start' | 'source' | 'parsed'>[],
): 'list' | 'object' | undefined {
  if (lines.length < 2 || lines[0]!.parsed.ok) return undefined;
  const first = lines[0]!.source.trimStart()[0];
  if (first !== '[' && first !== '{') return undefined;
  const parsed = parseWhole(text.slice(lines[0]!.start));
  return parsed === undefined ? undefined : Array.isArray(parsed) ? 'list' : 'object';
}

function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export interface TokenTotals {
  readonly examples: number;
  /** Before the cut at the maximum length. */
  readonly tokens: number;
  readonly trained: number;
  readonly most: number;
  readonly least: number;
}

/** Token counts of a file, record by record. */
export class TokenCounts {
  totals: TokenTotals = { examples: 0, tokens: 0, trained: 0, most: 0, least: Infinity };

  add(example: EncodedExample): void {
    const tokens = example.tokens.length + example.lostTokens;
    let trained = 0;
    for (const one of example.trained) trained += one;
    this.merge({ examples: 1, tokens, trained, most: tokens, least: tokens });
  }

  merge(other: TokenTotals): void {
    const { examples, tokens, trained, most, least } = this.totals;
    this.totals = {
      examples: examples + other.examples,
      tokens: tokens + other.tokens,
      trained: trained + other.trained,
      most: Math.max(most, other.most),
      least: Math.min(least, other.least),
    };
  }

  summary(): Required<Pick<LintSummary, 'avgTokens' | 'maxTokens' | 'minTokens' | 'totalTokens' | 'trainedTokens'>> {
    const { examples, tokens, trained, most, least } = this.totals;
    return {
      avgTokens: examples === 0 ? 0 : Math.round((tokens / examples) * 10) / 10,
      maxTokens: most,
      minTokens: examples === 0 ? 0 : least,
      totalTokens: tokens,
      trainedTokens: trained,
    };
  }
}
