import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../common/failure';
import type { BlockStore } from '../../dataset/minhash';

/** Blocks in a temporary file, which is made with the first of them. Throws a `Failure` (exit code 2) when there is no room for it. */
export class BlockFile implements BlockStore {
  readonly #path = join(tmpdir(), `fine-tune-${randomUUID()}`);
  #fd: number | undefined;
  #blocks = 0;
  #blockBytes = 0;

  add(block: Uint32Array): void {
    this.#blockBytes = block.byteLength;
    try {
      this.#fd ??= openHidden(this.#path);
      const from = this.#blocks++ * this.#blockBytes;
      for (let done = 0; done < block.byteLength;)
        done += writeSync(this.#fd, block, done, block.byteLength - done, from + done);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Failure(
        'temporary-file',
        `The comparison of so many records needs a temporary file, which cannot be written: ${reason}.`,
        `Make room in ${tmpdir()}, set TMPDIR to another folder, or check the file in parts.`,
        2,
      );
    }
  }

  read(index: number, start: number, into: Uint32Array): void {
    const from = index * this.#blockBytes + start * into.BYTES_PER_ELEMENT;
    for (let done = 0; done < into.byteLength;) {
      const read = readSync(this.#fd!, into, done, into.byteLength - done, from + done);
      if (read === 0) throw new Error(`${this.#path} is shorter than what was written to it.`);
      done += read;
    }
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    // Where an open file could not be removed.
    if (process.platform === 'win32') unlinkSync(this.#path);
    this.#fd = undefined;
  }
}

/** A file without a name, so that nothing is left behind, however the process ends; Windows keeps the name. */
function openHidden(path: string): number {
  const fd = openSync(path, 'wx+', 0o600);
  if (process.platform !== 'win32') unlinkSync(path);
  return fd;
}
