import { Failure } from '../common/failure';
import { isStackOverflow } from '../common/stack';
import type { EncodedExample } from '../dataset/example';
import type { Example } from '../dataset/conversation';
import {
  answersOf,
  foreignFormat,
  promptsOf,
  type Answer,
  type Format,
  type Prompt,
  type Turn,
} from '../dataset/formats';
import { isBlank, parseLine, type LineValue } from '../dataset/jsonl';
import { encodeExample, type EncodeOptions } from '../dataset/labels';
import { asRecord, checkShape } from '../dataset/shape';
import { factsOf, type RecordFacts } from './facts';
import { placeInLine, type LineFinding } from './placement';
import { RULES, type Rule, type Severity, type SeverityChoice } from './rules';
import { optionValues, type ExampleContext, type Report, type RuleOptions } from './rules/rule';

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
 * @param ascii whether the line is known to hold nothing but ASCII: whoever has its bytes knows that for little
 */
export function lintLine(source: string, line: number, options: LineLintOptions, ascii = false): LineResult {
  const blank = isBlank(source);
  return lintParsed(source, line, blank ? { ok: true, value: undefined } : parseLine(source), options, ascii);
}

/** `lintLine` for those who have parsed the line already; a blank line has the value `undefined`. */
export function lintParsed(
  source: string,
  line: number,
  parsed: LineValue,
  options: LineLintOptions,
  ascii = false,
): LineResult {
  try {
    return lintShallow(source, line, parsed, options, ascii);
  } catch (thrown) {
    // What walks a value level by level ends here when there are more levels than the stack holds.
    if (!isStackOverflow(thrown)) throw thrown;
    const message = 'The record is nested too deeply to be read. Remove the innermost levels, or the record.';
    const finding = placeInLine('json-syntax', 'error', { message, pointer: '', mark: 'start' }, source, true);
    return { blank: false, invalid: true, findings: [finding], facts: undefined, encoded: undefined };
  }
}

function lintShallow(
  source: string,
  line: number,
  parsed: LineValue,
  options: LineLintOptions,
  ascii: boolean,
): LineResult {
  const { format, forced, rules, encode } = options;
  const plan = planOf(rules);
  const findings: LineFinding[] = [];
  let hasError = false;
  // One closure for all rules: a line without findings allocates nothing for each of them.
  let current: ActiveRule | undefined;
  const report: Report = (finding) => {
    const { rule, severity } = current!;
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
  const lineContext = { source, line, value: content, error };
  if (blank)
    for (const { active, check } of plan.blank) {
      current = active;
      check(lineContext, report, active.values);
    }
  else
    for (const { active, check } of plan.line) {
      current = active;
      check(lineContext, report, active.values);
    }
  const value = asRecord(content);
  if (!value || !format) return result();

  const shape = checkShape(format.shape, value);
  const foreign = foreignFormat(value, format, shape.length > 0, forced);
  const recordContext = { source, line, value, format, foreign, problems: shape };
  for (const { active, check } of plan.record) {
    current = active;
    check(recordContext, report, active.values);
  }
  if (shape.length > 0 || foreign) return result();

  const about = new RecordInHand(source, ascii, line, value, format);
  const { turns } = about;
  const encoded = encode && about.encode(encode);
  for (const { active, check } of plan.example) {
    current = active;
    about.hasError = hasError;
    check(about, report, active.values);
  }
  return result(options.facts ? factsOf(turns, value) : undefined, typeof encoded === 'object' ? encoded : undefined);
}

class RecordInHand implements ExampleContext {
  hasError = false;
  encoded: EncodedExample | string | undefined;
  readonly turns: readonly Turn[];
  readonly answers: readonly Answer[];
  readonly prompts: readonly Prompt[];
  #example: { readonly of: Example | undefined } | undefined;

  constructor(
    readonly source: string,
    readonly ascii: boolean,
    readonly line: number,
    readonly value: Readonly<Record<string, unknown>>,
    readonly format: Format,
  ) {
    this.turns = format.turns(value);
    this.answers = answersOf(this.turns);
    this.prompts = promptsOf(this.turns, format);
  }

  get example(): Example | undefined {
    this.#example ??= { of: this.format.toExample(this.value) };
    return this.#example.of;
  }

  encode(options: EncodeOptions): EncodedExample | string | undefined {
    if (!this.example) return undefined;
    try {
      this.encoded = encodeExample(this.example, { ...options, line: this.line });
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.encoded = `${thrown.message} ${thrown.hint}`;
    }
    return this.encoded;
  }
}

type Hook = 'blank' | 'line' | 'record' | 'example';
type Plan = {
  readonly [H in Hook]: readonly {
    readonly active: ActiveRule;
    readonly check: NonNullable<Rule['check'][H]>;
  }[];
};
const plans = new WeakMap<readonly ActiveRule[], Plan>();

/** Rules by what they look at, made once for each list of rules. */
function planOf(rules: readonly ActiveRule[]): Plan {
  let plan = plans.get(rules);
  if (!plan) {
    const having = <H extends Hook>(hook: H): { active: ActiveRule; check: NonNullable<Rule['check'][H]> }[] =>
      rules.flatMap((active) => {
        const check = active.rule.check[hook];
        return check ? [{ active, check }] : [];
      });
    plan = { blank: having('blank'), line: having('line'), record: having('record'), example: having('example') };
    plans.set(rules, plan);
  }
  return plan;
}
