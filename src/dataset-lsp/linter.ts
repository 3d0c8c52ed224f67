import { Failure } from '../common/failure';
import { byteOrderMark, type EncodingProblem } from '../dataset/encoding';
import type { EncodedExample } from '../dataset/example';
import {
  detectFileFormat,
  detectFormat,
  formatById,
  type Detection,
  type Format,
  type FormatId,
} from '../dataset/formats';
import { isBlank, parseLine, splitLines, type LineValue } from '../dataset/jsonl';
import { encodeExample, type EncodeOptions } from '../dataset/labels';
import { asRecord, checkShape } from '../dataset/shape';
import { place, type Problem } from './placement';
import { RULES, type Rule, type Severity, type SeverityChoice } from './rules';
import type { FileContext, Report, RuleOptions } from './rules/rule';

export type { Problem } from './placement';

/**
 * Counts of a file. The token counts are there only when a tokenizer was given; they are those of the whole records,
 * before the cut at the maximum length, except `trainedTokens`: what is left to train after the cut.
 */
interface LintSummary {
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

export interface LintOptions {
  /** Overrules the detection. */
  readonly format?: FormatId | undefined;
  readonly severities?: Readonly<Record<string, SeverityChoice>> | undefined;
  readonly ruleOptions?: Readonly<Record<string, RuleOptions>> | undefined;
  /** With it, records are tokenised: token counts, and records of which nothing is trained. */
  readonly encode?: EncodeOptions | undefined;
  /** Gets every example that was tokenised, in order of the lines. Complete only when there are no errors. */
  readonly onExample?: ((example: EncodedExample) => void) | undefined;
  /** What `decodeText` found in the bytes of the file. */
  readonly encoding?: readonly EncodingProblem[] | undefined;
}

interface ParsedLine {
  readonly number: number;
  readonly start: number;
  readonly source: string;
  readonly parsed: LineValue;
}

/** Checks the text of a JSON Lines file. Reports every finding; never throws because of what the text holds. */
export function lintText(text: string, options: LintOptions = {}): LintResult {
  const steps = lintInSteps(text, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** `lintText` in small steps, for those who have something else to do in between or may have to give up. */
export function* lintInSteps(text: string, options: LintOptions = {}): Generator<void, LintResult> {
  const lines: ParsedLine[] = [];
  for (const { number, start, end } of splitLines(text)) {
    const source = text.slice(start, end);
    if (!isBlank(source)) lines.push({ number, start, source, parsed: parseLine(source) });
    yield;
  }
  const active = activeRules(options);
  const problems: Problem[] = [];
  const objects = lines.flatMap(({ number, parsed }) => {
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    return value ? [{ line: number, value }] : [];
  });
  const detection: Detection =
    options.format === undefined
      ? detectFileFormat(objects.map((one) => one.value))
      : { kind: 'known', format: formatById(options.format) };
  const file: FileContext = {
    records: lines.length,
    detection,
    first: objects[0],
    forced: options.format !== undefined,
    encoding: options.encoding ?? (text.startsWith('\uFEFF') ? [byteOrderMark()] : []),
    document: wholeDocument(text, lines),
  };
  const sources = new Map(lines.map((line) => [line.number, line]));
  for (const { rule, severity, values } of active)
    rule.check.file?.(
      file,
      (finding) => problems.push(place(rule, severity, finding, sources.get(finding.line ?? 1))),
      values,
    );

  const format = detection.kind === 'known' ? detection.format : undefined;
  const counts = new TokenCounts();
  let invalid = 0;
  if (file.document) invalid = lines.length;
  else
    for (const line of lines) {
      const before = problems.length;
      const encoded = lintLine(line, format, file.forced, active, options.encode, problems);
      if (encoded) {
        counts.add(encoded);
        options.onExample?.(encoded);
      }
      if (!format || problems.slice(before).some((problem) => problem.severity === 'error')) invalid++;
      yield;
    }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  const issueCounts: Record<string, number> = {};
  for (const { rule } of problems) issueCounts[rule] = (issueCounts[rule] ?? 0) + 1;
  return {
    format: format?.id ?? null,
    summary: {
      totalExamples: lines.length,
      validExamples: lines.length - invalid,
      invalidExamples: invalid,
      ...(options.encode ? counts.summary() : {}),
      issueCounts,
    },
    problems,
  };
}

interface ActiveRule {
  readonly rule: Rule;
  readonly severity: Severity;
  readonly values: RuleOptions;
}

function activeRules(options: LintOptions): ActiveRule[] {
  return RULES.flatMap((rule) => {
    const { id, defaultSeverity, locked } = rule.meta;
    const severity = (locked ? undefined : options.severities?.[id]) ?? defaultSeverity;
    if (severity === 'off') return [];
    const defaults = Object.entries(rule.meta.options).map(([key, option]) => [key, option.default] as const);
    return [{ rule, severity, values: { ...Object.fromEntries(defaults), ...options.ruleOptions?.[id] } }];
  });
}

/** One JSON value over several lines, or a list of them in one: what other tools call a JSON file. */
function wholeDocument(text: string, lines: readonly ParsedLine[]): 'list' | 'object' | undefined {
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

function lintLine(
  line: ParsedLine,
  format: Format | undefined,
  forced: boolean,
  rules: readonly ActiveRule[],
  encode: EncodeOptions | undefined,
  problems: Problem[],
): EncodedExample | undefined {
  const { parsed, source } = line;
  let hasError = false;
  const reporter =
    ({ rule, severity }: ActiveRule): Report =>
    (finding) => {
      hasError ||= severity === 'error';
      problems.push(place(rule, severity, finding, line));
    };
  const error = parsed.ok ? undefined : parsed.error;
  const content = parsed.ok ? parsed.value : undefined;
  for (const one of rules) one.rule.check.line?.({ source, value: content, error }, reporter(one), one.values);
  const value = asRecord(content);
  if (!value || !format) return undefined;

  const shape = checkShape(format.shape, value);
  const foreign = foreignFormat(value, format, shape.length > 0, forced);
  for (const one of rules)
    one.rule.check.record?.({ value, format, foreign, problems: shape }, reporter(one), one.values);
  if (shape.length > 0 || foreign) return undefined;

  const example = format.toExample(value);
  const answers = format.answers(value);
  let encoded: EncodedExample | string | undefined;
  if (encode) {
    try {
      encoded = encodeExample(example, { ...encode, line: line.number });
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      encoded = `${thrown.message} ${thrown.hint}`;
    }
  }
  for (const one of rules)
    one.rule.check.example?.({ value, format, example, answers, encoded, hasError }, reporter(one), one.values);
  return typeof encoded === 'object' ? encoded : undefined;
}

/** The other format that a record belongs to, when it is not one of the file's. */
function foreignFormat(
  value: Readonly<Record<string, unknown>>,
  format: Format,
  misshapen: boolean,
  forced: boolean,
): Detection | undefined {
  const detected = detectFormat(value);
  if (detected.kind === 'other') return misshapen || !forced ? detected : undefined;
  return misshapen && detected.kind === 'known' && detected.format !== format ? detected : undefined;
}

class TokenCounts {
  private examples = 0;
  private total = 0;
  private trained = 0;
  private max = 0;
  private min = Infinity;

  add(example: EncodedExample): void {
    const tokens = example.tokens.length + example.lostTokens;
    this.examples++;
    this.total += tokens;
    for (const one of example.trained) this.trained += one;
    this.max = Math.max(this.max, tokens);
    this.min = Math.min(this.min, tokens);
  }

  summary(): Required<Pick<LintSummary, 'avgTokens' | 'maxTokens' | 'minTokens' | 'totalTokens' | 'trainedTokens'>> {
    return {
      avgTokens: this.examples === 0 ? 0 : Math.round((this.total / this.examples) * 10) / 10,
      maxTokens: this.max,
      minTokens: this.examples === 0 ? 0 : this.min,
      totalTokens: this.total,
      trainedTokens: this.trained,
    };
  }
}
