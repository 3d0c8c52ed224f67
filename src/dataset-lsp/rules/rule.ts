import type { Example } from '../../dataset/conversation';
import type { EncodingProblem } from '../../dataset/encoding';
import type { EncodedExample } from '../../dataset/example';
import type { Answer, Detection, Format } from '../../dataset/formats';
import type { JsonSyntaxError } from '../../dataset/jsonl';
import type { ShapeProblem } from '../../dataset/shape';

export type Severity = 'error' | 'warning' | 'information';
export type SeverityChoice = Severity | 'off';

interface RuleOption {
  readonly type: 'number';
  readonly default: number;
  readonly minimum: number;
  readonly description: string;
}

interface RuleExample {
  /** Content of a whole file. */
  readonly text: string;
  /** Where findings of the rule must be, one line number for each, in order. Empty for a valid example. */
  readonly lines?: readonly number[];
}

interface RuleMeta {
  readonly id: string;
  readonly title: string;
  /** What goes wrong in training if this stays. */
  readonly why: string;
  readonly whatToDo: string;
  readonly defaultSeverity: Severity;
  /** The record cannot be read or trained at all, so the severity cannot be lowered. */
  readonly locked?: true;
  readonly options: Readonly<Record<string, RuleOption>>;
  /** Run as tests. */
  readonly examples: { readonly valid: readonly RuleExample[]; readonly invalid: readonly RuleExample[] };
}

/** A finding before it has a rule, a severity and a place in the file. */
export interface Finding {
  /** Sentences: what is wrong, and what to do. */
  readonly message: string;
  /** JSON pointer of the value that is meant; the whole record when absent. */
  readonly pointer?: string;
  /** Marks the value's key, or only its first character, instead of the value. */
  readonly mark?: 'key' | 'start';
  /** UTF-16 range in the line, instead of a pointer. */
  readonly range?: { readonly start: number; readonly end: number };
  /** 1-based line, for findings about the file. */
  readonly line?: number;
}
export type Report = (finding: Finding) => void;

export interface FileContext {
  /** Lines that are not blank. */
  readonly records: number;
  readonly detection: Detection;
  /** First record that is an object. */
  readonly first: { readonly line: number; readonly value: Readonly<Record<string, unknown>> } | undefined;
  /** The format was named by the user, not detected. */
  readonly forced: boolean;
  readonly encoding: readonly EncodingProblem[];
  /** The text is one JSON value over several lines. */
  readonly document: 'list' | 'object' | undefined;
}

interface LineContext {
  readonly source: string;
  /** `undefined` where the line is no JSON: then `error` says why. */
  readonly value: unknown;
  readonly error: JsonSyntaxError | undefined;
}

interface RecordContext {
  readonly value: Readonly<Record<string, unknown>>;
  readonly format: Format;
  /** The record has the keys of another format than the file's: its differences of shape mean nothing. */
  readonly foreign: Detection | undefined;
  readonly problems: readonly ShapeProblem[];
}

interface ExampleContext {
  readonly value: Readonly<Record<string, unknown>>;
  readonly format: Format;
  readonly example: Example;
  readonly answers: readonly Answer[];
  /** Tokens and labels, where a tokenizer is given; a text when the chat template refuses the record. */
  readonly encoded: EncodedExample | string | undefined;
  /** Another rule has found an error in this record. */
  readonly hasError: boolean;
}

/** Value of every option of the rule: the user's or the default. */
export type RuleOptions = Readonly<Record<string, number>>;

export interface Rule {
  readonly meta: RuleMeta;
  /** Called once for the file, each line, each record of a known format, and each record that could be trained. */
  readonly check: {
    readonly file?: (file: FileContext, report: Report, options: RuleOptions) => void;
    readonly line?: (line: LineContext, report: Report, options: RuleOptions) => void;
    readonly record?: (record: RecordContext, report: Report, options: RuleOptions) => void;
    readonly example?: (example: ExampleContext, report: Report, options: RuleOptions) => void;
  };
}
