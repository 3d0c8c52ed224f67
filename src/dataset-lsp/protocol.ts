/** What the editor and the dataset language server tell each other besides the Language Server Protocol. */
import type { FormatId } from '../dataset/formats';

/** Sent as `initializationOptions`, and again by `CONFIGURE` whenever something of it changes. */
export interface DatasetServerOptions {
  /** The settings `fine-tune.rules` and `fine-tune.ruleOverrides`, as the user wrote them. */
  readonly rules?: unknown;
  readonly ruleOverrides?: unknown;
  /** Show the number of tokens at the end of each record. */
  readonly inlayHints?: boolean;
  /** URI of the page that explains the rules; a rule's part of it has the rule's id as fragment. */
  readonly rulesPage?: string;
  /** URIs of the open folders: globs of rules are meant from there. */
  readonly folders?: readonly string[];
  /** What the folders' `finetune.json` say. Only of workspaces that are trusted: models and other files are read then. */
  readonly training?: readonly TrainingContext[];
}

/** What a folder's settings say about the data in it. */
export interface TrainingContext {
  /** URI of the folder, without a slash at its end. */
  readonly folder: string;
  readonly trainFile?: string;
  /** URI of the validation file. */
  readonly validationFile?: string;
  /** Path of the base model on the server's machine. */
  readonly model?: string;
  readonly template?: string;
  readonly maxLength?: number;
  /** The format that `finetune.json` names; absent for "auto". */
  readonly format?: FormatId;
}

/** Client → server: `DatasetServerOptions`. */
export const CONFIGURE = 'fine-tune/configure';
/** Client → server: the suppressions file has changed on the disk. */
export const FILES_CHANGED = 'fine-tune/filesChanged';
/** Request `{uri}` → `DatasetSummary | null`. */
export const SUMMARY = 'fine-tune/summary';
/** Server → client: `DatasetSummary`, whenever it has changed. */
export const SUMMARY_CHANGED = 'fine-tune/summaryChanged';
/** Request `{uri, line}` (0-based line of the editor) → `FormattedRecord | null`. */
export const FORMAT_RECORD = 'fine-tune/formatRecord';
/** Request `CompactParams` → `CompactedRecord`. */
export const COMPACT_RECORD = 'fine-tune/compactRecord';
/** Request `{uri, line}` (0-based line of the editor) → what `src/dataset/preview.ts` makes of that record. */
export const PREVIEW = 'fine-tune/preview';
/** Request `{uri, line}` (0-based line of the editor) → `NextCut | null`. */
export const NEXT_CUT = 'fine-tune/nextCut';

export interface LineParams {
  readonly uri: string;
  readonly line: number;
}

/** The next record of which the maximum length cuts something off. */
export interface NextCut {
  /** 0-based; `null` when no other record is known to be cut. */
  readonly line: number | null;
  /** Records whose tokens are still to be counted. */
  readonly uncounted: number;
}

/** State of one open file, for the status bar and the code lens. */
export interface DatasetSummary {
  readonly uri: string;
  readonly version: number;
  /** `checking` until every record, the comparison of all records and the token counts are done. */
  readonly state: 'checking' | 'ready';
  readonly format: FormatId | null;
  readonly examples: number;
  /** Records with at least one error. */
  readonly invalid: number;
  readonly errors: number;
  readonly warnings: number;
  readonly information: number;
  /** Findings that `.finetune/suppressions.json` hides. */
  readonly suppressed: number;
  /** Absent until all records are counted. */
  readonly tokens?: {
    readonly total: number;
    readonly trained: number;
    /** Lost at the maximum length. */
    readonly lost: number;
    /** Counted with the default vocabulary: the base model is not known. */
    readonly estimate: boolean;
  };
}

/** One record as readable JSON over several lines. */
export interface FormattedRecord {
  readonly version: number;
  readonly text: string;
  /** The line as it stands, for `COMPACT_RECORD` to find its style. */
  readonly source: string;
}

export interface CompactParams {
  readonly text: string;
  /** The line that it came from: spaces after commas and colons are written as there. */
  readonly like: string;
}

export type CompactedRecord = { readonly text: string } | { readonly problem: string; readonly offset: number };

export const LANGUAGE_ID = 'jsonl';
export const DIAGNOSTIC_SOURCE = 'fine-tune';
/** A file gets at most this many diagnostics, and one more that says so: ten thousand of them are megabytes to send. */
export const MOST_DIAGNOSTICS = 1000;
/** Kind of the code action that fixes a whole file, for `editor.codeActionsOnSave`. */
export const FIX_ALL = 'source.fixAll.fine-tune';

/** Commands of the editor that the server's answers name. Their arguments are plain JSON. */
export const CLIENT_COMMANDS = {
  /** `(uri)` */
  train: 'fine-tune.train',
  /** `(uri)`, or `(uri, line)` with a 0-based line; else the record under the cursor. */
  preview: 'fine-tune.previewExample',
  /** `(rule, uri)` asks for a severity; `(rule, uri, severity)` sets it. */
  configureRule: 'fine-tune.configureRule',
  problems: 'workbench.actions.view.problems',
} as const;

/** @param page URI of the rules' page */
export function ruleUrl(page: string, rule: string): string {
  return `${page}#${rule}`;
}

/** Whether the server looks at a file: logs of runs are `jsonl`, too. */
export function isDataset(uri: string, languageId: string): boolean {
  return languageId === LANGUAGE_ID && !/\/\.finetune\/|\/events\.jsonl$/.test(uri);
}
