/**
 * What the rules about a whole file need of each record, in a few numbers: a file of millions of records is compared
 * through these, and its texts are read again only where two records look alike.
 */
import type { Turn } from '../dataset/formats';

export interface RecordFacts {
  /** Hash of everything that is said and of who says it; equal for exact duplicates. */
  readonly content: number;
  /** Hash of what stands before the answer, apart from case and white space. */
  readonly prompt: number;
  /** Hash of the answer, apart from white space at its ends. */
  readonly answer: number;
  /** UTF-16 units of the trained answers. */
  readonly answerLength: number;
  readonly refusal: boolean;
}

export function factsOf(turns: readonly Turn[]): RecordFacts {
  let content = '';
  let prompt = '';
  let answer = '';
  let answerLength = 0;
  for (const { role, text, side, trained } of turns) {
    content += `${role}\u0000${side}\u0000${text}\u0001`;
    if (trained) {
      answer += `${text.trim()}\u0001`;
      answerLength += text.length;
    } else prompt += `${role}\u0000${text.toLowerCase().split(/\s+/).join(' ').trim()}\u0001`;
  }
  return {
    content: hashText(content),
    prompt: hashText(prompt),
    answer: hashText(answer),
    answerLength,
    refusal: false,
  };
}

/** 53 bits of a text (cyrb53, public domain): two of a million texts agree by chance once in 18,000 files. */
export function hashText(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

/** Facts of many records, column by column. */
export class FactTable {
  length = 0;
  /** 1-based line of each record. */
  lines = new Uint32Array(1024);
  content = new Float64Array(1024);
  prompt = new Float64Array(1024);
  answer = new Float64Array(1024);
  answerLength = new Uint32Array(1024);
  refusal = new Uint8Array(1024);

  add(line: number, facts: RecordFacts): void {
    if (this.length === this.lines.length) this.#grow();
    const row = this.length++;
    this.lines[row] = line;
    this.content[row] = facts.content;
    this.prompt[row] = facts.prompt;
    this.answer[row] = facts.answer;
    this.answerLength[row] = facts.answerLength;
    this.refusal[row] = facts.refusal ? 1 : 0;
  }

  #grow(): void {
    const size = this.lines.length * 2;
    const wider = <T extends Uint32Array | Float64Array | Uint8Array>(column: T, empty: T): T => {
      empty.set(column);
      return empty;
    };
    this.lines = wider(this.lines, new Uint32Array(size));
    this.content = wider(this.content, new Float64Array(size));
    this.prompt = wider(this.prompt, new Float64Array(size));
    this.answer = wider(this.answer, new Float64Array(size));
    this.answerLength = wider(this.answerLength, new Uint32Array(size));
    this.refusal = wider(this.refusal, new Uint8Array(size));
  }
}
