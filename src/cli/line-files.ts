/** Files that are written line by line and get their names only when they are whole. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../common/failure';
import { INTERRUPTED } from './terminal';

const BUFFER = 1 << 20;
const FEED = 10;

interface Output {
  readonly path: string;
  readonly temporary: string;
  readonly fd: number;
  parts: Buffer[];
  waiting: number;
}

export class LineFiles {
  readonly #paths: readonly string[];
  readonly #outputs: Output[] = [];

  /**
   * Nothing is made before there is something to write.
   * @param force replace what is there
   * @throws Failure (exit code 2) when a file is there already
   */
  constructor(paths: readonly string[], force: boolean) {
    const there = paths.find((path) => existsSync(path));
    if (there !== undefined && !force)
      throw new Failure('output-exists', `${there} is there already.`, 'Name another place, or add --force.', 2);
    this.#paths = paths;
  }

  /**
   * Adds a line to one of the files; a line end is added where it has none.
   * @throws Failure (exit code 2) when the files cannot be written
   */
  write(index: number, line: Buffer): void {
    this.#open();
    const output = this.#outputs[index]!;
    output.parts.push(Buffer.from(line));
    output.waiting += line.length;
    if (line.at(-1) !== FEED) output.parts.push(Buffer.of(FEED));
    if (output.waiting >= BUFFER) flush(output);
  }

  /** Gives the files their names. */
  finish(): void {
    this.#open();
    this.#listen(false);
    for (const output of this.#outputs) flush(output);
    for (const output of this.#outputs.splice(0)) {
      closeSync(output.fd);
      try {
        renameSync(output.temporary, output.path);
      } catch (error) {
        rmSync(output.temporary, { force: true });
        throw unwritable(output.path, error);
      }
    }
  }

  /** Makes the files under temporary names, and their folders. */
  #open(): void {
    if (this.#outputs.length > 0) return;
    this.#listen(true);
    for (const path of this.#paths) {
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        mkdirSync(dirname(path), { recursive: true });
        this.#outputs.push({ path, temporary, fd: openSync(temporary, 'w'), parts: [], waiting: 0 });
      } catch (error) {
        throw unwritable(path, error);
      }
    }
  }

  /** While there are unfinished files, a signal removes them before it ends the program. */
  #listen(on: boolean): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.off(signal, this.#interrupted);
      if (on) process.on(signal, this.#interrupted);
    }
  }

  readonly #interrupted = (): void => {
    this.discard();
    process.exit(INTERRUPTED);
  };

  /** Removes what was not finished. */
  discard(): void {
    this.#listen(false);
    for (const { fd, temporary } of this.#outputs.splice(0)) {
      closeSync(fd);
      rmSync(temporary, { force: true });
    }
  }
}

function flush(output: Output): void {
  const bytes = Buffer.concat(output.parts);
  output.parts = [];
  output.waiting = 0;
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(output.fd, bytes, done);
  } catch (error) {
    throw unwritable(output.path, error);
  }
}

function unwritable(path: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure(
    'output-unwritable',
    `${path} cannot be written: ${reason}.`,
    'Check the folder and its space.',
    2,
  );
}
