import { closeSync, fchmodSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Failure } from '../../common/failure';
import { isUtf8 } from 'node:buffer';
import type { FormatId } from '../../dataset/formats';
import { fixLine } from '../fix-text';
import type { LineLintOptions } from '../line-lint';
import { openDataFile, type DataFile } from './data-file';
import { readHead } from './head';
import { rulesOf, type RuleSelection } from './job';
import { LineReader, readFully } from './line-block';

export interface FixFileOptions extends RuleSelection {
  /** Overrules the detection. */
  readonly format?: FormatId | undefined;
}

/** Number of safe fixes applied, by rule. */
export type FixCounts = Readonly<Record<string, number>>;

// A repaired line can show a format that was not known before.
const MOST_PASSES = 10;
const STEP = 1 << 20;

/**
 * Applies all safe fixes of a file of any size, line by line. The file is replaced as a whole when everything is
 * written, keeps its permissions, and is not touched when nothing changes. Lines that stay are kept byte for byte.
 * Throws a `Failure` (exit code 2) for a file that cannot be read or written, or that changes meanwhile.
 */
export async function fixFile(path: string, options: FixFileOptions = {}, signal?: AbortSignal): Promise<FixCounts> {
  const original = await openDataFile(path, signal);
  const counts: Record<string, number> = {};
  const temporary = original.isCopy ? undefined : temporaryNames(path);
  let written: string | undefined;
  try {
    if (!temporary) throw new Failure('fix', `${path} is no file that can be written.`, 'Save it as a file first.', 2);
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const target = temporary[pass % 2]!;
      const input = written === undefined ? original : await openDataFile(written, signal);
      try {
        if (!(await fixPass(input, target, options, counts, signal))) break;
      } finally {
        if (input !== original) input.close();
      }
      written = target;
    }
    original.assertUnchanged();
    if (written !== undefined) renameSync(written, realpathSync(path));
  } catch (error) {
    throw error instanceof Failure || signal?.aborted ? error : unwritable(path, error);
  } finally {
    original.close();
    for (const one of temporary ?? []) rmSync(one, { force: true });
  }
  return counts;
}

/** One pass over all lines. @returns whether anything changed; only then there is a `target`. */
async function fixPass(
  file: DataFile,
  target: string,
  options: FixFileOptions,
  counts: Record<string, number>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (file.wide) return false;
  const head = readHead(file, options.format);
  if (head.document) return false;
  const rules = rulesOf(options);
  const lint: LineLintOptions = {
    format: head.detection.kind === 'known' ? head.detection.format : undefined,
    forced: options.format !== undefined,
    rules,
  };
  const reader = new LineReader(file);
  let output: Output | undefined;
  let line = 0;
  try {
    if (file.begin > 0) {
      output = new Output(target, file);
      counts['invalid-encoding'] = (counts['invalid-encoding'] ?? 0) + 1;
    }
    for (let at = file.begin; at < file.size; at += STEP) {
      signal?.throwIfAborted();
      const { bytes, offset, overlong } = reader.read({ start: at, end: Math.min(file.size, at + STEP) });
      if (overlong)
        throw new Failure(
          'data-too-large',
          `${file.path} has a line that is too long to be read.`,
          'Split the record.',
          2,
        );
      for (let start = 0; start < bytes.length;) {
        const feed = bytes.indexOf(10, start);
        const next = feed < 0 ? bytes.length : feed + 1;
        const last = feed < 0 ? next : feed;
        const end = last > start && bytes[last - 1] === 13 ? last - 1 : last;
        line++;
        const content = bytes.subarray(start, end);
        // What is not UTF-8 would be written as other characters.
        const source = isUtf8(content) ? content.toString('utf8') : undefined;
        const fixed = source === undefined ? undefined : fixLine(source, line, lint);
        if (fixed && fixed.applied.length > 0) {
          output ??= new Output(target, file, offset + start);
          for (const { rule } of fixed.applied) counts[rule] = (counts[rule] ?? 0) + 1;
          if (fixed.source !== undefined) {
            output.write(Buffer.from(fixed.source));
            output.write(bytes.subarray(end, next));
          }
        } else output?.write(bytes.subarray(start, next));
        start = next;
      }
      await setImmediate();
    }
    output?.finish();
    return output !== undefined;
  } finally {
    output?.close();
  }
}

/** A new file with the permissions of another one, and its first bytes. */
class Output {
  readonly #fd: number;
  #parts: Uint8Array[] = [];
  #size = 0;
  #open = true;

  constructor(path: string, like: DataFile, firstBytes = like.begin) {
    this.#fd = openSync(path, 'w', 0o600);
    fchmodSync(this.#fd, like.mode);
    for (let at = like.begin; at < firstBytes; at += STEP) {
      const bytes = Buffer.allocUnsafe(Math.min(STEP, firstBytes - at));
      readFully(like, bytes, at);
      this.#flushNow(bytes);
    }
  }

  write(bytes: Uint8Array): void {
    // The bytes belong to the reader, which uses them again.
    this.#parts.push(Uint8Array.from(bytes));
    this.#size += bytes.length;
    if (this.#size >= STEP) this.#flush();
  }

  finish(): void {
    this.#flush();
    fsyncSync(this.#fd);
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #flush(): void {
    this.#flushNow(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#size = 0;
  }

  #flushNow(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
  }
}

/** Beside the file, so that it can be renamed; two, since one pass reads what the one before it wrote. */
function temporaryNames(path: string): readonly [string, string] {
  const real = realpathSync(path);
  const name = join(dirname(real), `.${basename(real)}.${process.pid}`);
  return [`${name}.fix-1`, `${name}.fix-2`];
}

function unwritable(path: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('fix', `${path} cannot be rewritten: ${reason}.`, 'Check the permissions of its folder.', 2);
}
