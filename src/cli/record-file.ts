/** Records of a file of any size, for commands that compare them and copy their lines as they are. */
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import { wordsOf } from '../dataset/fingerprint';
import type { Format } from '../dataset/formats';
import { isBlank, parseLine } from '../dataset/jsonl';
import { findNearDuplicates, type NearDuplicates } from '../dataset/near-duplicates';
import { asRecord } from '../dataset/shape';
import { openDataFile, type DataFile } from '../dataset-lsp/check/data-file';
import { fileLines } from '../dataset-lsp/check/file-lines';
import { readHead } from '../dataset-lsp/check/head';
import { readFully } from '../dataset-lsp/check/line-block';
import { FactTable } from '../dataset-lsp/facts';
import { activeRules, lintLine } from '../dataset-lsp/line-lint';
import { fileProgress, type FileProgressView } from './file-progress';
import { countText } from './format';
import type { Terminal } from './terminal';

const STEP = 1 << 22;
const SHOWN = 20;

/**
 * Reads a file once and hands its records to `work`; about 120 bytes of each record are kept.
 * @throws Failure when it cannot be read or changes meanwhile (exit code 2), or has lines that are no records (exit code 1)
 */
export async function withRecordFile<T>(
  path: string,
  terminal: Terminal,
  work: (records: RecordFile) => T,
): Promise<T> {
  const { cwd } = terminal;
  const view = fileProgress(terminal);
  view.begin(path);
  // As the user wrote it: messages name it so.
  const file = await openDataFile(cwd === process.cwd() ? path : resolve(cwd, path));
  try {
    const { detection } = readHead(file, undefined);
    if (file.wide || detection.kind !== 'known')
      throw new Failure(
        'data',
        `${path} holds no records of a known format.`,
        'Run "fine-tune check" on the file to see what to change.',
      );
    const records = new RecordFile(file, detection.format, view);
    view.end();
    const result = work(records);
    file.assertUnchanged();
    return result;
  } finally {
    view.end();
    file.close();
  }
}

export class RecordFile {
  readonly facts = new FactTable();
  /** First byte of each record's line. */
  #starts = new Float64Array(64);
  /** Byte after its line end. */
  #ends = new Float64Array(64);
  #window = Buffer.alloc(0);
  #windowStart = 0;

  constructor(
    private readonly file: DataFile,
    private readonly format: Format,
    view: FileProgressView,
  ) {
    this.#read(view);
  }

  get length(): number {
    return this.facts.length;
  }

  /** Line of a row, 1-based. */
  lineOf(row: number): number {
    return this.facts.lines[row]!;
  }

  /** Bytes of a row's line with its line end. Valid until the next call. */
  bytesOf(row: number): Buffer {
    const start = this.#starts[row]!;
    const length = this.#ends[row]! - start;
    if (start < this.#windowStart || start + length > this.#windowStart + this.#window.length) {
      const size = Math.min(Math.max(STEP, length), this.file.size - start);
      this.#window = Buffer.allocUnsafe(size);
      this.#windowStart = start;
      readFully(this.file, this.#window, start);
    }
    return this.#window.subarray(start - this.#windowStart, start - this.#windowStart + length);
  }

  /** Groups of records that say nearly the same; of exact copies the first one takes part. */
  nearDuplicates(threshold: number): NearDuplicates {
    const near = findNearDuplicates({
      signatures: this.facts.signatures,
      firsts: this.facts.firsts(),
      threshold,
      wordsOf: (row) => {
        const record = this.#recordOf(row);
        return record && wordsOf(this.format.turns(record), record);
      },
    });
    for (;;) {
      const step = near.next();
      if (step.done) return step.value;
    }
  }

  #read(view: FileProgressView): void {
    const { file, format } = this;
    const rules = activeRules({}).filter(({ rule }) => rule.meta.locked);
    const options = { format, forced: false, rules, facts: true };
    const bad: string[] = [];
    let badCount = 0;
    for (const { source, line, start, end, wrong, isLast } of fileLines(file, STEP)) {
      if (isLast) view.show({ doneBytes: end, totalBytes: file.size });
      if (source !== undefined && isBlank(source)) continue;
      const result = source === undefined ? undefined : lintLine(source, line, options);
      const problem = source === undefined ? 'The line is too long.' : (wrong ?? result?.findings[0]?.message);
      if (result?.facts && problem === undefined) this.#add(line, start, end, result.facts);
      else if (badCount++ < SHOWN) bad.push(`${file.path}:${line}: ${problem ?? 'The line is no record.'}`);
    }
    if (badCount === 0 && this.length > 0) return;
    if (badCount === 0) throw new Failure('data', `${file.path} holds no record.`, 'Name a file with records.');
    const more = badCount > bad.length ? [`… and ${countText(badCount - bad.length)} more.`] : [];
    throw new Failure(
      'data',
      [...bad, ...more].join('\n'),
      'Correct these lines or remove them; "fine-tune check" shows all that is wrong. Nothing was written.',
    );
  }

  #add(line: number, start: number, end: number, facts: Parameters<FactTable['add']>[1]): void {
    const row = this.length;
    if (row === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#ends = doubled(this.#ends);
    }
    this.#starts[row] = start;
    this.#ends[row] = end;
    this.facts.add(line, facts);
  }

  #recordOf(row: number): Readonly<Record<string, unknown>> | undefined {
    const start = this.#starts[row]!;
    const bytes = Buffer.allocUnsafe(this.#ends[row]! - start);
    readFully(this.file, bytes, start);
    const parsed = parseLine(bytes.toString('utf8'));
    return parsed.ok ? asRecord(parsed.value) : undefined;
  }
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2);
  wider.set(column);
  return wider;
}
