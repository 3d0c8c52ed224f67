import type { Example } from '../../dataset/conversation';
import type { EncodingProblem } from '../../dataset/encoding';
import type { EncodedExample } from '../../dataset/example';
import type { Answer, Detection, Format, Prompt, Turn } from '../../dataset/formats';
import type { JsonSyntaxError } from '../../dataset/jsonl';
import type { ShapeProblem } from '../../dataset/shape';
import type { FactTable } from '../facts';
import type { Fix } from '../fixes';

/** From the worst to the least. A hint is shown as dots under the text and never in the list of problems. */
export const SEVERITIES = ['error', 'warning', 'information', 'hint'] as const;
export type Severity = (typeof SEVERITIES)[number];
export type SeverityChoice = Severity | 'off';
export const SEVERITY_CHOICES: readonly SeverityChoice[] = [...SEVERITIES, 'off'];

export type RuleOption =
  | { readonly type: 'number'; readonly default: number; readonly minimum: number; readonly description: string }
  | { readonly type: 'list'; readonly default: readonly string[]; readonly description: string };

export type OptionTable = Readonly<Record<string, RuleOption>>;
export type OptionValues<O extends OptionTable> = {
  readonly [K in keyof O]: O[K] extends { readonly type: 'number' } ? number : readonly string[];
};
/** Value of every option of a rule: the user's or the default. */
export type RuleOptions = Readonly<Record<string, number | readonly string[]>>;

interface RuleExample {
  /** Content of a whole file. */
  readonly text: string;
  /** Where findings of the rule must be, one line number for each, in order. Empty for a valid example. */
  readonly lines?: readonly number[];
  /** Tokens are counted, and records cut at this length. */
  readonly maxLength?: number;
  /** Content of a validation file beside it. */
  readonly validation?: string;
}

export interface RuleMeta<O extends OptionTable = OptionTable> {
  readonly id: string;
  readonly title: string;
  /** What goes wrong in training if this stays. */
  readonly why: string;
  readonly whatToDo: string;
  readonly defaultSeverity: Severity;
  /** The record cannot be read or trained at all, so the severity cannot be lowered. */
  readonly locked?: true;
  readonly options: O;
  /** What its fixes change. `safe`: neither what the model reads nor what it learns; `suggestion`: for a person to judge. */
  readonly fixes?: 'safe' | 'suggestion' | 'both';
  /** Run as tests. */
  readonly examples: { readonly valid: readonly RuleExample[]; readonly invalid: readonly RuleExample[] };
}

/** A finding before it has a rule, a severity and a place in the file. */
export interface Finding {
  /** Sentences: what is wrong, and what to do. */
  readonly message: string;
  /** JSON pointer of the value that is meant; the whole record when absent. */
  readonly pointer?: string;
  /** Part of the text at `pointer`: UTF-16 range of the decoded string. */
  readonly within?: { readonly start: number; readonly end: number };
  /** Marks the value's key, or only its first character, instead of the value. */
  readonly mark?: 'key' | 'start';
  /** UTF-16 range in the line, instead of a pointer. */
  readonly range?: { readonly start: number; readonly end: number };
  /** 1-based line, for findings about the file. */
  readonly line?: number;
  /** Other places that belong to it: the first of two duplicates, the other answer. */
  readonly related?: readonly RelatedPlace[];
  /** Asked only when somebody looks at the finding. A fix may abstain: then the list is empty. */
  readonly fixes?: () => readonly Fix[];
}

export interface RelatedPlace {
  /** Path of another file, as messages name it; the finding's own when absent. */
  readonly file?: string;
  /** 1-based. */
  readonly line: number;
  readonly pointer?: string;
  readonly message: string;
}
export type Report = (finding: Finding) => void;

export interface FileContext {
  /** Lines that are not blank. */
  readonly records: number;
  /** Size on the disk; absent for a text in the editor. */
  readonly bytes?: number;
  readonly detection: Detection;
  /** First record that is an object. */
  readonly first: { readonly line: number; readonly value: Readonly<Record<string, unknown>> } | undefined;
  readonly encoding: readonly EncodingProblem[];
  /** The text is one JSON value over several lines. */
  readonly document: 'list' | 'object' | undefined;
}

export interface LineContext {
  readonly source: string;
  /** 1-based. */
  readonly line: number;
  /** `undefined` where the line is no JSON: then `error` says why. */
  readonly value: unknown;
  readonly error: JsonSyntaxError | undefined;
}

export interface RecordContext {
  readonly source: string;
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly format: Format;
  /** The record has the keys of another format than the file's: its differences of shape mean nothing. */
  readonly foreign: Format | undefined;
  readonly problems: readonly ShapeProblem[];
}

export interface ExampleContext {
  readonly source: string;
  /** The source is known to hold nothing but ASCII. */
  readonly ascii: boolean;
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly format: Format;
  /** `undefined` when the record is not meant to be trained (an unpaired preference whose label is false). Made when it is asked for. */
  readonly example: Example | undefined;
  /** Everything that is said in the record, in order. */
  readonly turns: readonly Turn[];
  /** The turns of the assistant, and what a text without turns trains. */
  readonly answers: readonly Answer[];
  /** The turns of the user, where the format sets them apart. */
  readonly prompts: readonly Prompt[];
  /** Tokens and labels, where a tokenizer is given; a text when the chat template refuses the record. */
  readonly encoded: EncodedExample | string | undefined;
  /** Another rule has found an error in this record. */
  readonly hasError: boolean;
}

/** What is known of all records together. */
export interface DatasetContext {
  readonly table: FactTable;
  readonly format: Format;
  /** Facts of the validation file, when there is one. */
  readonly validation: { readonly name: string; readonly table: FactTable } | undefined;
  /** Parsed record of a row of `table`, read again where it is no longer in memory. */
  recordOf(row: number): Readonly<Record<string, unknown>> | undefined;
}

interface Checks<Values> {
  readonly file?: (file: FileContext, report: Report, options: Values) => void;
  readonly line?: (line: LineContext, report: Report, options: Values) => void;
  readonly blank?: (line: Pick<LineContext, 'source' | 'line'>, report: Report, options: Values) => void;
  readonly record?: (record: RecordContext, report: Report, options: Values) => void;
  readonly example?: (example: ExampleContext, report: Report, options: Values) => void;
  /** After all records; every finding names its line. Yields now and then, so that the caller can do other things or give up. */
  readonly dataset?: (dataset: DatasetContext, report: Report, options: Values) => Generator<void>;
}

export interface Rule {
  readonly meta: RuleMeta;
  /** Called once for the file, each line that is not blank, each that is, each record of a known format, each record that could be trained, and all together. */
  readonly check: Checks<RuleOptions>;
}

/** Types the options of a rule by its own table. */
export function defineRule<const O extends OptionTable>(rule: {
  readonly meta: RuleMeta<O>;
  readonly check: { readonly [K in keyof Checks<OptionValues<O>>]: Checks<OptionValues<O>>[K] };
}): Rule {
  // Values are always made from the rule's own table (`optionValues`), so they have its types.
  return rule as Rule;
}

/** The defaults of a rule's options, overruled by what the user gave. */
export function optionValues(meta: RuleMeta, given: RuleOptions | undefined): RuleOptions {
  const defaults = Object.entries(meta.options).map(([key, option]) => [key, option.default] as const);
  return { ...Object.fromEntries(defaults), ...given };
}
