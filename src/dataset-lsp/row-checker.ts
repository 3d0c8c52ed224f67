import { byteOrderMark } from '../dataset/encoding';
import { detectFileFormat, formatById, type Detection, type Format, type FormatId } from '../dataset/formats';
import { isBlank, parseLine, type LineValue } from '../dataset/jsonl';
import type { EncodeOptions } from '../dataset/labels';
import { asRecord } from '../dataset/shape';
import type { DatasetDocument, Row, RowChange } from './document';
import { activeRules, lintParsed, type ActiveRule, type RuleChoice } from './line-lint';
import { lintFile, wholeDocument } from './linter';
import type { LineFinding } from './placement';
import { failedRow, rowResult, type RowResult } from './row-result';
import type { FileContext } from './rules/rule';

export interface CheckSettings {
  readonly choice: RuleChoice;
  /** Overrules the detection. */
  readonly format: FormatId | undefined;
  /** Tokens are counted with it. */
  readonly encode: EncodeOptions | undefined;
}

// More edited rows than these are checked in the background, from the first on.
const MOST_URGENT = 2000;
// A few edited rows are short enough to be tokenised at once, so that findings about tokens do not flicker.
const MOST_TOKENIZED_AT_ONCE = 8;
const LONGEST_TOKENIZED_AT_ONCE = 32_768;
// Deciding whether a text is one JSON value over many lines means to parse all of it.
const LONGEST_WHOLE = 262_144;

/** Checks the rows of a document one by one, edited ones first, and remembers what it found. */
export class RowChecker {
  #settings: CheckSettings;
  #rules: ActiveRule[];
  #epoch = 1;
  #detection: Detection = { kind: 'unknown' };
  /** Rows before this one decide about the format. */
  #headEnd = 0;
  #headStale = true;
  #first: { readonly row: Row; readonly value: Readonly<Record<string, unknown>> } | undefined;
  #urgent: Row[] = [];
  /** Rows from here on may have no result; absent when all have. */
  #sweep: number | undefined = 0;
  #whole: FileContext['document'];
  #wholeStale = true;

  constructor(
    private readonly document: DatasetDocument,
    settings: CheckSettings,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#settings = settings;
    this.#rules = activeRules(settings.choice);
  }

  get format(): Format | undefined {
    return this.#detection.kind === 'known' ? this.#detection.format : undefined;
  }
  get rules(): readonly ActiveRule[] {
    return this.#rules;
  }
  /** The format was named, not detected. */
  get forced(): boolean {
    return this.#settings.format !== undefined;
  }
  get encode(): EncodeOptions | undefined {
    return this.#settings.encode;
  }
  /** Changes whenever all results are out of date. */
  get epoch(): number {
    return this.#epoch;
  }
  /** Every row has its result. */
  get done(): boolean {
    return !this.#headStale && this.#urgent.length === 0 && this.#sweep === undefined;
  }
  /** Every edited row has its result; rows that were never looked at may be left. */
  get urgentDone(): boolean {
    return !this.#headStale && this.#urgent.length === 0;
  }

  configure(settings: CheckSettings): void {
    this.#settings = settings;
    this.#rules = activeRules(settings.choice);
    this.#headStale = true;
    this.#checkAllAgain();
  }

  /** Tokens are counted with this from now on; results without tokens stay. */
  useEncode(encode: EncodeOptions | undefined): void {
    this.#settings = { ...this.#settings, encode };
  }

  changed({ at, inserted }: RowChange): void {
    if (inserted.length <= MOST_URGENT) {
      for (const row of inserted) if (!this.#isCurrent(row)) this.#urgent.push(row);
      if (this.#sweep !== undefined) this.#sweep = Math.min(this.#sweep, at);
    } else this.#sweep = Math.min(this.#sweep ?? at, at);
    if (at < this.#headEnd || !this.#first) this.#headStale = true;
    this.#wholeStale = true;
  }

  /** Checks rows until it is time to stop. */
  work(isTime: () => boolean): void {
    this.#detect();
    const atOnce = this.#urgent.length <= MOST_TOKENIZED_AT_ONCE;
    while (this.#urgent.length > 0) {
      const row = this.#urgent.pop()!;
      if (this.document.has(row) && !this.#isCurrent(row))
        this.#check(row, atOnce && row.text.length < LONGEST_TOKENIZED_AT_ONCE);
      if (isTime()) return;
    }
    const { rows } = this.document;
    if (this.#sweep === undefined) return;
    while (this.#sweep < rows.length) {
      const row = rows[this.#sweep++]!;
      if (this.#isCurrent(row)) continue;
      this.#check(row, false);
      if (isTime()) return;
    }
    this.#sweep = undefined;
  }

  /** The row's result, made now if need be. */
  resultOf(row: Row): RowResult {
    this.#detect();
    return this.#isCurrent(row) ? row.result! : this.#check(row, false);
  }

  /** Tokenises a row that was not yet; `false` when there was nothing to do. */
  tokenize(row: Row): boolean {
    if (this.resultOf(row).tokenized) return false;
    this.#check(row, true);
    return true;
  }

  /** Findings of the row as the linter makes them, with their fixes. */
  findingsOf(row: Row, withTokens: boolean): readonly LineFinding[] {
    this.#detect();
    const { source } = row;
    const encode = withTokens ? this.#settings.encode : undefined;
    return this.#lint(source, row.index + 1, parse(source), encode, false).findings;
  }

  /** What the format and the rules about the file as a whole say. */
  fileFindings(records: number): readonly { readonly line: number; readonly finding: LineFinding }[] {
    return lintFile(this.#fileContext(records), this.#rules, (line) => {
      const row = this.document.rows[line - 1];
      return row && { source: row.source, parsed: parse(row.source) };
    });
  }

  /** The text is one JSON value over several lines, as far as that is known. */
  get whole(): FileContext['document'] {
    return this.#whole;
  }

  /** Finds out whether the text is one JSON value. Costs a pass over all of it, where its first record is broken. */
  decideWhole(): boolean {
    if (!this.#wholeStale) return false;
    this.#wholeStale = false;
    const before = this.#whole;
    const records: { start: number; source: string; parsed: LineValue }[] = [];
    for (const row of this.document.rows) {
      if (isBlank(row.source)) continue;
      records.push({ start: 0, source: row.source, parsed: parse(row.source) });
      if (records.length === 2 || records[0]!.parsed.ok) break;
    }
    this.#whole = records[0]?.parsed.ok === false ? wholeDocument(this.document.text.trimStart(), records) : undefined;
    return this.#whole !== before;
  }

  get wholeIsCheap(): boolean {
    let length = 0;
    for (const row of this.document.rows) if ((length += row.text.length) > LONGEST_WHOLE) return false;
    return true;
  }

  #fileContext(records: number): FileContext {
    const first = this.#first && {
      line: this.#first.row.index + 1,
      value: this.#first.value,
    };
    return {
      records,
      detection: this.#detection,
      first,
      encoding: this.document.rows[0]!.text.startsWith('\uFEFF') ? [byteOrderMark()] : [],
      document: this.#whole,
    };
  }

  #isCurrent(row: Row): boolean {
    return row.result !== undefined && row.result.epoch === this.#epoch;
  }

  #checkAllAgain(): void {
    this.#epoch++;
    this.#sweep = 0;
  }

  #detect(): void {
    if (!this.#headStale) return;
    this.#headStale = false;
    const before = this.format;
    this.#first = undefined;
    let looked = 0;
    const objects = function* (
      rows: readonly Row[],
      found: (row: Row, value: Readonly<Record<string, unknown>>) => void,
    ) {
      for (const row of rows) {
        looked = row.index + 1;
        // Whether a row is an object does not depend on the settings, so an older result will do.
        if (row.result?.isObject === false) continue;
        const parsed = parse(row.source);
        const value = parsed.ok ? asRecord(parsed.value) : undefined;
        if (!value) continue;
        found(row, value);
        yield value;
      }
    };
    const seen = objects(this.document.rows, (row, value) => (this.#first ??= { row, value }));
    if (this.#settings.format === undefined) this.#detection = detectFileFormat(seen);
    else {
      this.#detection = { kind: 'known', format: formatById(this.#settings.format) };
      seen.next();
    }
    this.#headEnd = looked;
    if (this.format !== before) this.#checkAllAgain();
  }

  #check(row: Row, withTokens: boolean): RowResult {
    const { source } = row;
    const encode = withTokens ? this.#settings.encode : undefined;
    const epoch = this.#epoch;
    let result: RowResult;
    try {
      const parsed = parse(source);
      const found = this.#lint(source, row.index + 1, parsed, encode, true);
      const isObject = parsed.ok && asRecord(parsed.value) !== undefined;
      result = rowResult(found, { epoch, isObject, withTokens: encode !== undefined });
    } catch (error) {
      // A defect of one rule must not stop the others' findings.
      this.onFailure(error);
      result = failedRow(epoch, isBlank(source));
    }
    row.result = result;
    return result;
  }

  #lint(source: string, line: number, parsed: LineValue, encode: EncodeOptions | undefined, facts: boolean) {
    const options = {
      format: this.format,
      forced: this.forced,
      rules: this.#rules,
      encode,
      facts,
    };
    return lintParsed(source, line, parsed, options);
  }
}

function parse(source: string): LineValue {
  return isBlank(source) ? { ok: true, value: undefined } : parseLine(source);
}
