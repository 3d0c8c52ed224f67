/**
 * What the rules about a whole file need of each record, in a few numbers: a file of millions of records is compared
 * through these, and its texts are read again only where two records look alike.
 */
import { firstOfEqual } from '../dataset/equal-rows';
import { fingerprintOf, type Fingerprint } from '../dataset/fingerprint';
import type { Turn } from '../dataset/formats';
import { type BlockStore, SignatureTable } from '../dataset/minhash';
import { isRefusal } from './refusal';

export interface RecordFacts extends Fingerprint {
  /** UTF-16 units of the trained answers. */
  readonly answerLength: number;
  readonly refusal: boolean;
}

/** @param record as parsed: pictures, tools and labels make two records different, too */
export function factsOf(turns: readonly Turn[], record?: Readonly<Record<string, unknown>>): RecordFacts {
  let answerLength = 0;
  let refusal = false;
  for (const { text, trained } of turns) {
    if (!trained) continue;
    answerLength += text.length;
    refusal ||= isRefusal(text);
  }
  const { content, prompt, answer, signature } = fingerprintOf(turns, record);
  return { content, prompt, answer, signature, answerLength, refusal };
}

/** A table as plain columns: what goes from one thread to another. */
export interface FactColumns {
  readonly lines: Uint32Array<ArrayBuffer>;
  readonly content: Float64Array<ArrayBuffer>;
  readonly prompt: Uint32Array<ArrayBuffer>;
  readonly answer: Uint32Array<ArrayBuffer>;
  readonly answerLength: Uint32Array<ArrayBuffer>;
  readonly refusal: Uint8Array<ArrayBuffer>;
  readonly signatures: Uint32Array<ArrayBuffer>;
}

type Column = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/**
 * Facts of many records, column by column, in the order of their lines: about 90 bytes a record in memory, and 25 for all
 * but the first million where there is a store.
 */
export class FactTable {
  length = 0;
  /** 1-based line of each record. Columns are longer than the table. */
  lines = new Uint32Array(64);
  content = new Float64Array(64);
  prompt = new Uint32Array(64);
  answer = new Uint32Array(64);
  answerLength = new Uint32Array(64);
  refusal = new Uint8Array(64);
  readonly signatures: SignatureTable;
  #firsts: Uint32Array | undefined;

  constructor(store?: BlockStore) {
    this.signatures = new SignatureTable(store);
  }

  add(line: number, facts: RecordFacts): void {
    if (this.length === this.lines.length) this.#grow(this.length + 1);
    const row = this.length++;
    this.lines[row] = line;
    this.content[row] = facts.content;
    this.prompt[row] = facts.prompt;
    this.answer[row] = facts.answer;
    this.answerLength[row] = facts.answerLength;
    this.refusal[row] = facts.refusal ? 1 : 0;
    this.signatures.add(facts.signature);
  }

  /** Makes room for so many rows in all, so that a large table need not be copied as it grows. */
  reserve(rows: number): void {
    if (rows > this.lines.length) this.#grow(rows);
  }

  /** Adds the rows of a table whose first line is the line `lineOffset + 1` of the file. */
  append(other: FactColumns, lineOffset: number): void {
    const { length } = other.lines;
    if (this.length + length > this.lines.length) this.#grow(this.length + length);
    for (let i = 0; i < length; i++) this.lines[this.length + i] = other.lines[i]! + lineOffset;
    for (const key of ['content', 'prompt', 'answer', 'answerLength', 'refusal'] as const)
      this[key].set(other[key], this.length);
    this.signatures.append(other.signatures);
    this.length += length;
  }

  /** The columns without their spare ends, and the buffers to transfer. */
  toTransfer(): { readonly columns: FactColumns; readonly buffers: ArrayBuffer[] } {
    const columns = {
      lines: this.lines.slice(0, this.length),
      content: this.content.slice(0, this.length),
      prompt: this.prompt.slice(0, this.length),
      answer: this.answer.slice(0, this.length),
      answerLength: this.answerLength.slice(0, this.length),
      refusal: this.refusal.slice(0, this.length),
      signatures: this.signatures.toArray(),
    };
    return { columns, buffers: Object.values(columns).map((column: Column) => column.buffer) };
  }

  /** For each row the first row of the same content. */
  firsts(): Uint32Array {
    if (this.#firsts?.length !== this.length) this.#firsts = firstOfEqual(this.content, this.length);
    return this.#firsts;
  }

  #grow(least: number): void {
    // Large tables grow by a quarter: they are most of the memory of a large check.
    const size = Math.max(least, Math.ceil(this.lines.length * (this.lines.length > 1 << 20 ? 1.25 : 2)));
    this.lines = wider(this.lines, new Uint32Array(size));
    this.content = wider(this.content, new Float64Array(size));
    this.prompt = wider(this.prompt, new Uint32Array(size));
    this.answer = wider(this.answer, new Uint32Array(size));
    this.answerLength = wider(this.answerLength, new Uint32Array(size));
    this.refusal = wider(this.refusal, new Uint8Array(size));
  }
}

function wider<T extends Column>(column: T, empty: T): T {
  empty.set(column);
  return empty;
}
