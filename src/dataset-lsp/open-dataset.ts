import { setImmediate } from 'node:timers/promises';
import type { Diagnostic, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import type { FormatId } from '../dataset/formats';
import type { EncodeOptions } from '../dataset/labels';
import { compareRecords, type DatasetFindings } from './dataset-pass';
import type { ValidationData } from './dataset-lint';
import { reportOn, type Report } from './diagnostics';
import { DatasetDocument, type Row } from './document';
import type { RuleChoice } from './line-lint';
import type { DatasetSummary } from './protocol';
import { RowChecker } from './row-checker';

/** How one file is checked. */
export interface DatasetSettings {
  readonly choice: RuleChoice;
  readonly format: FormatId | undefined;
  readonly rulesPage: string | undefined;
  /** Rule → number of findings that a person has accepted. */
  readonly accepted: Readonly<Record<string, number>> | undefined;
  /** Name of the base model, where one is known. */
  readonly model: string | undefined;
  /** Loads the tokenizer; it is asked for only when everything else is done. */
  readonly loadEncode: () => EncodeOptions | undefined;
}

/** The other side of a split, when it has been read. */
interface Validation {
  readonly uri: string;
  readonly data: ValidationData;
}

export interface DatasetHost {
  publish(version: number, diagnostics: Diagnostic[]): void;
  summaryChanged(summary: DatasetSummary): void;
  /** Tokens of some rows have become known. */
  tokensChanged(): void;
  failed(error: unknown): void;
}

// So long nothing else is done at most: an edit that comes meanwhile waits for two slices.
const SLICE_MS = 8;
// Before an edit's findings are sent, in multiples of what sending the last ones cost: bursts of edits are sent once.
const LEAST_GAP_MS = 15;
const GAP_FACTOR = 3;
// While a large file is checked for the first time.
const PROGRESS_MS = 500;
// After the last edit, before all records are compared again.
const LEAST_QUIET_MS = 250;

/**
 * An open file and everything that is known of it. Work is done in slices, what was typed first: findings of the edited
 * records, then of the others, then the comparison of all records, then tokens.
 */
export class OpenDataset {
  readonly document: DatasetDocument;
  readonly checker: RowChecker;
  #settings: DatasetSettings;
  #validation: Validation | undefined;
  #compared: DatasetFindings = new Map();
  #comparison: ReturnType<typeof compareRecords> | undefined;
  #compareNeeded = true;
  #compareCost = 0;
  #encodeState: 'unknown' | 'loaded' | 'none' = 'unknown';
  #tokenSweep = 0;
  #changedAt = -Infinity;
  #publishNeeded = true;
  #publishedAt = performance.now();
  #publishCost = 0;
  #report: Report | undefined;
  #lastSummary = '';
  #running = false;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(
    opened: { readonly uri: string; readonly languageId: string; readonly version: number; readonly text: string },
    settings: DatasetSettings,
    private readonly host: DatasetHost,
  ) {
    this.document = new DatasetDocument(opened.uri, opened.languageId, opened.version, opened.text);
    this.#settings = settings;
    this.checker = new RowChecker(this.document, this.#checkSettings(undefined), (error) => host.failed(error));
    this.#kick();
  }

  get choice(): RuleChoice {
    return this.#settings.choice;
  }

  update(changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    for (const change of this.document.update(changes, version)) {
      this.checker.changed(change);
      this.#tokenSweep = Math.min(this.#tokenSweep, change.at);
    }
    this.#restart();
  }

  configure(settings: DatasetSettings): void {
    this.#settings = settings;
    this.#encodeState = 'unknown';
    this.#tokenSweep = 0;
    this.checker.configure(this.#checkSettings(undefined));
    this.#restart();
  }

  useValidation(validation: Validation | undefined): void {
    if (!validation && !this.#validation) return;
    this.#validation = validation;
    this.#restart();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The tokenizer for this file, loaded now if need be. */
  get encode(): EncodeOptions | undefined {
    if (this.#encodeState === 'unknown') this.#loadEncode();
    return this.checker.encode;
  }
  /** Tokens are counted with the default vocabulary, since the base model is not known. */
  get estimate(): boolean {
    return this.checker.encode?.estimate === true;
  }

  /** Name of the model that the tokens are counted for. */
  get model(): string | undefined {
    return this.estimate ? undefined : this.#settings.model;
  }

  get summary(): DatasetSummary {
    const report = (this.#report ??= this.#makeReport());
    const { total, trained, lost, uncounted } = report.tokens;
    const counted = this.#encodeState === 'loaded' && uncounted === 0 && this.checker.done;
    const ready = !this.#publishNeeded && this.checker.done && !this.#compareNeeded && this.#tokensDone;
    return {
      uri: this.document.uri,
      version: this.document.version,
      state: ready ? 'ready' : 'checking',
      ...report.counts,
      ...(counted ? { tokens: { total, trained, lost, estimate: this.estimate } } : {}),
    };
  }

  get #tokensDone(): boolean {
    return this.#encodeState === 'none' || (this.#encodeState === 'loaded' && this.#tokenSweep >= this.document.length);
  }

  #restart(): void {
    this.#changedAt = performance.now();
    this.#publishNeeded = true;
    this.#comparison = undefined;
    this.#compareNeeded = true;
    this.#report = undefined;
    this.#kick();
  }

  #kick(): void {
    this.#wake?.();
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      // What came with the same message is one edit.
      await setImmediate();
      while (!this.#closed) {
        const wait = this.#work(performance.now() + SLICE_MS);
        if (wait === Infinity) break;
        if (wait > 0) await this.#pause(wait);
        else await setImmediate();
      }
    } catch (error) {
      this.host.failed(error);
    } finally {
      this.#running = false;
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Works until `until`. Returns for how long there is nothing to do: 0 when there is more, `Infinity` when all is done. */
  #work(until: number): number {
    const { checker } = this;
    const isTime = (): boolean => performance.now() >= until;
    let wait = Infinity;
    if (!checker.done) checker.work(isTime);
    if (checker.done && checker.wholeIsCheap) checker.decideWhole();
    if (this.#publishNeeded && checker.urgentDone) {
      // Of an edit the findings are wanted at once, of a file that is being checked now and then.
      const progress = checker.done || this.#changedAt > this.#publishedAt ? 0 : PROGRESS_MS;
      const gap = Math.max(LEAST_GAP_MS, progress, GAP_FACTOR * this.#publishCost);
      const due = this.#publishedAt + gap - performance.now();
      if (due <= 0) {
        this.#publish();
        return 0;
      }
      wait = due;
    }
    if (!checker.done) return 0;
    if (isTime()) return 0;
    wait = Math.min(wait, this.#compare(isTime));
    if (wait === 0 || isTime()) return 0;
    return Math.min(wait, this.#countTokens(isTime));
  }

  #compare(isTime: () => boolean): number {
    if (!this.#compareNeeded) return Infinity;
    const quiet = this.#changedAt + Math.max(LEAST_QUIET_MS, 2 * this.#compareCost) - performance.now();
    // A file that was just opened does not wait.
    if (quiet > 0 && this.document.version > 1 && this.#report) return quiet;
    if (!this.#comparison) {
      if (this.checker.decideWhole()) this.#publishNeeded = true;
      this.#comparison = compareRecords(this.document, this.checker, this.#validation?.data);
      this.#compareCost = 0;
    }
    const started = performance.now();
    for (;;) {
      const step = this.#comparison.next();
      if (step.done) {
        const changed = this.#compared.size > 0 || step.value.size > 0;
        this.#useCompared(step.value);
        this.#comparison = undefined;
        this.#compareNeeded = false;
        if (changed) this.#publishNeeded = true;
        this.#report = changed ? undefined : this.#report;
        break;
      }
      if (isTime()) break;
    }
    this.#compareCost += performance.now() - started;
    if (!this.#compareNeeded) this.#announce();
    return 0;
  }

  #useCompared(found: DatasetFindings): void {
    for (const row of this.#compared.keys()) row.compared = undefined;
    for (const [row, findings] of found) row.compared = findings;
    this.#compared = found;
  }

  #countTokens(isTime: () => boolean): number {
    if (this.#tokensDone) return Infinity;
    if (this.#encodeState === 'unknown') {
      this.#loadEncode();
      return 0;
    }
    const { rows, length } = this.document;
    let counted = false;
    while (this.#tokenSweep < length) {
      const row: Row = rows[this.#tokenSweep++]!;
      const before = row.result?.findings;
      if (!this.checker.tokenize(row)) continue;
      counted = true;
      // Findings about tokens come with the counts.
      if (before?.length !== row.result?.findings.length) this.#publishNeeded = true;
      if (isTime()) break;
    }
    if (this.#tokensDone) {
      this.#report = undefined;
      this.#announce();
    }
    if (counted) this.host.tokensChanged();
    return 0;
  }

  #loadEncode(): void {
    let loaded: EncodeOptions | undefined;
    try {
      loaded = this.#settings.loadEncode();
    } catch (error) {
      this.host.failed(error);
    }
    this.#encodeState = loaded ? 'loaded' : 'none';
    this.checker.useEncode(loaded);
  }

  #checkSettings(encode: EncodeOptions | undefined) {
    return { choice: this.#settings.choice, format: this.#settings.format, encode };
  }

  #makeReport(): Report {
    const { document, checker } = this;
    const { accepted, rulesPage } = this.#settings;
    return reportOn({ document, checker, accepted, rulesPage, validationUri: this.#validation?.uri });
  }

  #publish(): void {
    const started = performance.now();
    this.#report = this.#makeReport();
    // What is published while rows are left is not yet the whole.
    this.#publishNeeded = !this.checker.done;
    this.host.publish(this.document.version, this.#report.diagnostics);
    this.#publishedAt = performance.now();
    this.#publishCost = this.#publishedAt - started;
    this.#announce();
  }

  #announce(): void {
    const { summary } = this;
    const { version: _, ...shown } = summary;
    const text = JSON.stringify(shown);
    if (text === this.#lastSummary) return;
    this.#lastSummary = text;
    this.host.summaryChanged(summary);
  }
}
