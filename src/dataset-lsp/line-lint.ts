import { Failure } from '../common/failure';
import type { EncodedExample } from '../dataset/example';
import { answersOf, detectFormat, promptsOf, type Detection, type Format } from '../dataset/formats';
import { isBlank, parseLine, type LineValue } from '../dataset/jsonl';
import { encodeExample, type EncodeOptions } from '../dataset/labels';
import { asRecord, checkShape } from '../dataset/shape';
import { factsOf, type RecordFacts } from './facts';
import { placeInLine, type LineFinding } from './placement';
import { RULES, type Rule, type Severity, type SeverityChoice } from './rules';
import { optionValues, type Finding, type Report, type RuleOptions } from './rules/rule';

/** Which rules run, and how severe each is. */
export interface RuleChoice {
  readonly severities?: Readonly<Record<string, SeverityChoice>> | undefined;
  readonly ruleOptions?: Readonly<Record<string, RuleOptions>> | undefined;
  /** Rules besides the ordinary ones: those of a service that the file shall be sent to. */
  readonly extraRules?: readonly Rule[] | undefined;
}

export interface ActiveRule {
  readonly rule: Rule;
  readonly severity: Severity;
  readonly values: RuleOptions;
}

export function activeRules({ severities, ruleOptions, extraRules = [] }: RuleChoice): ActiveRule[] {
  return [...RULES, ...extraRules].flatMap((rule) => {
    const { id, defaultSeverity, locked } = rule.meta;
    const severity = (locked ? undefined : severities?.[id]) ?? defaultSeverity;
    return severity === 'off' ? [] : [{ rule, severity, values: optionValues(rule.meta, ruleOptions?.[id]) }];
  });
}

export interface LineLintOptions {
  /** Of the file; without one only the JSON is checked. */
  readonly format: Format | undefined;
  /** The format was named by the user. */
  readonly forced: boolean;
  readonly rules: readonly ActiveRule[];
  /** With it, records are tokenised. */
  readonly encode?: EncodeOptions | undefined;
  /** Whether the facts of the record are wanted: they cost as much as the checks. */
  readonly facts?: boolean;
}

/** Everything that one line says by itself. It depends on nothing but its text and the options. */
export interface LineResult {
  /** No record: white space only. Blank lines have findings, too. */
  readonly blank: boolean;
  /** The record cannot be used: an error, or no known format. */
  readonly invalid: boolean;
  readonly findings: readonly LineFinding[];
  /** Of a record without an error of shape. */
  readonly facts: RecordFacts | undefined;
  readonly encoded: EncodedExample | undefined;
}

/**
 * Checks one line. Never throws because of what the text holds.
 * @param source the line without its line end
 * @param line its 1-based number, used in the encoded example and by fixes that remove the line
 */
export function lintLine(source: string, line: number, options: LineLintOptions): LineResult {
  const blank = isBlank(source);
  return lintParsed(source, line, blank ? { ok: true, value: undefined } : parseLine(source), options);
}

/** `lintLine` for those who have parsed the line already; a blank line has the value `undefined`. */
export function lintParsed(source: string, line: number, parsed: LineValue, options: LineLintOptions): LineResult {
  const { format, forced, rules, encode } = options;
  const findings: LineFinding[] = [];
  let hasError = false;
  const reporter =
    ({ rule, severity }: ActiveRule): Report =>
    (finding: Finding) => {
      hasError ||= severity === 'error';
      findings.push(placeInLine(rule.meta.id, severity, finding, source, parsed.ok));
    };
  const error = parsed.ok ? undefined : parsed.error;
  const content = parsed.ok ? parsed.value : undefined;
  const blank = content === undefined && parsed.ok;
  const result = (facts?: RecordFacts, encoded?: EncodedExample): LineResult => ({
    blank,
    invalid: !blank && (hasError || !format),
    findings,
    facts,
    encoded,
  });
  for (const one of rules) {
    if (blank) one.rule.check.blank?.({ source, line }, reporter(one), one.values);
    else one.rule.check.line?.({ source, line, value: content, error }, reporter(one), one.values);
  }
  const value = asRecord(content);
  if (!value || !format) return result();

  const shape = checkShape(format.shape, value);
  const foreign = foreignFormat(value, format, shape.length > 0, forced);
  for (const one of rules)
    one.rule.check.record?.({ source, line, value, format, foreign, problems: shape }, reporter(one), one.values);
  if (shape.length > 0 || foreign) return result();

  const example = format.toExample(value);
  const turns = format.turns(value);
  const answers = answersOf(turns);
  const prompts = promptsOf(turns, format);
  let encoded: EncodedExample | string | undefined;
  if (encode && example) {
    try {
      encoded = encodeExample(example, { ...encode, line });
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      encoded = `${thrown.message} ${thrown.hint}`;
    }
  }
  const about = { source, line, value, format, example, turns, answers, prompts, encoded };
  for (const one of rules) one.rule.check.example?.({ ...about, hasError }, reporter(one), one.values);
  return result(options.facts ? factsOf(turns) : undefined, typeof encoded === 'object' ? encoded : undefined);
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
