import { detectFileFormat, formatById, type Format, type FormatId } from '../dataset/formats';
import { isBlank, parseLine, splitLines } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';
import { applyEdits, type LineEdit } from './fixes';
import { activeRules, lintLine, type LineLintOptions, type RuleChoice } from './line-lint';
import { wholeDocument } from './linter';

/** A fix that was applied. */
export interface AppliedFix {
  readonly rule: string;
  readonly title: string;
}

export interface FixedLine {
  /** `undefined` when the line is removed. */
  readonly source: string | undefined;
  readonly applied: readonly AppliedFix[];
}

// Every round needs a fix of its own; more are only seen where two fixes undo each other.
const MOST_ROUNDS = 10;

/**
 * Applies all safe fixes of one line, again and again until none is left. Fixes whose places touch wait for the next
 * round.
 * @param source the line without its line end
 * @param line its 1-based number
 */
export function fixLine(source: string, line: number, options: LineLintOptions): FixedLine {
  const applied: AppliedFix[] = [];
  const lineOptions = { ...options, encode: undefined, facts: false };
  let current = source;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const edits: LineEdit[] = [];
    for (const { rule, fixes } of lintLine(current, line, lineOptions).findings) {
      const fix = fixes?.().find((one) => one.safe);
      if (!fix) continue;
      const { title } = fix;
      if (fix.removeLines?.includes(line)) return { source: undefined, applied: [...applied, { rule, title }] };
      const own = fix.edits ?? [];
      if (own.length === 0 || own.some((edit) => edits.some((other) => touch(edit, other)))) continue;
      edits.push(...own);
      applied.push({ rule, title });
    }
    if (edits.length === 0) break;
    current = applyEdits(current, edits);
  }
  return { source: current, applied };
}

export interface FixTextOptions extends RuleChoice {
  /** Overrules the detection. */
  readonly format?: FormatId | undefined;
}

export interface FixedText {
  readonly text: string;
  /** In order, with the 1-based line of the given text. */
  readonly applied: readonly (AppliedFix & { readonly line: number })[];
}

/**
 * Applies all safe fixes of a file's text. Lines without a fix, and all line ends of lines that stay, are kept as they
 * are. A text that is one JSON value over several lines is left alone, since its lines are no records.
 */
export function fixText(text: string, options: FixTextOptions = {}): FixedText {
  const rules = activeRules(options);
  const applied: (AppliedFix & { readonly line: number })[] = [];
  // Numbers of the lines as they were given.
  let numbers: readonly number[] | undefined;
  let current = text;
  // A repaired line can show a format that was not known before.
  for (let pass = 0; pass < MOST_ROUNDS; pass++) {
    const lines = [...splitLines(current)].map(({ number, start, end }) => ({
      number: numbers?.[number - 1] ?? number,
      start,
      source: current.slice(start, end),
    }));
    if (isDocument(current, lines)) break;
    const format = options.format === undefined ? detect(lines) : formatById(options.format);
    const done = applied.length;
    let result = '';
    const kept: number[] = [];
    if (current.charCodeAt(0) === 0xfeff && rules.some(({ rule }) => rule.meta.id === 'invalid-encoding'))
      applied.push({ rule: 'invalid-encoding', title: 'Remove the byte order mark', line: 1 });
    else if (lines.length > 0) result = current.slice(0, lines[0]!.start);
    for (const [i, { number, start, source }] of lines.entries()) {
      const fixed = fixLine(source, number, { format, forced: options.format !== undefined, rules });
      for (const one of fixed.applied) applied.push({ ...one, line: number });
      if (fixed.source === undefined) continue;
      kept.push(number);
      result += fixed.source + current.slice(start + source.length, lines[i + 1]?.start ?? current.length);
    }
    if (applied.length === done) break;
    current = result;
    numbers = kept;
  }
  return { text: current, applied };
}

/** Also where one ends as the other begins: which of them comes first would then be a guess. */
function touch(a: LineEdit, b: LineEdit): boolean {
  return a.start <= b.end && b.start <= a.end;
}

function detect(lines: readonly { readonly source: string }[]): Format | undefined {
  const detection = detectFileFormat(objectsOf(lines));
  return detection.kind === 'known' ? detection.format : undefined;
}

function* objectsOf(lines: readonly { readonly source: string }[]): Generator<Readonly<Record<string, unknown>>> {
  for (const { source } of lines) {
    const parsed = isBlank(source) ? undefined : parseLine(source);
    const value = parsed?.ok ? asRecord(parsed.value) : undefined;
    if (value) yield value;
  }
}

function isDocument(text: string, lines: readonly { readonly start: number; readonly source: string }[]): boolean {
  const records: { start: number; source: string; parsed: ReturnType<typeof parseLine> }[] = [];
  for (const { start, source } of lines) {
    if (isBlank(source)) continue;
    records.push({ start, source, parsed: parseLine(source) });
    if (records.length === 2) break;
  }
  return wholeDocument(text, records) !== undefined;
}
