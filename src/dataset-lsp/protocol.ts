/** What the editor and the dataset language server tell each other besides the Language Server Protocol. */
import type { SeverityChoice } from './rules';

/** Sent as `initializationOptions`, and again by `CONFIGURE` whenever the settings change. */
export interface DatasetServerOptions {
  /** Severity by rule; rules that are not named keep their own. */
  readonly severities: Readonly<Record<string, SeverityChoice>>;
}

/** Client → server: `DatasetServerOptions`. */
export const CONFIGURE = 'fine-tune/configure';

export const LANGUAGE_ID = 'jsonl';
export const DIAGNOSTIC_SOURCE = 'fine-tune';
/** A file gets at most this many diagnostics, and one more that says so: ten thousand of them are megabytes to send. */
export const MOST_DIAGNOSTICS = 1000;
