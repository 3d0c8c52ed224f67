/**
 * What models answered to the questions of a benchmark, a line each, in a file that is only ever added to. An answer is
 * found again by its key, which says model, prompt and method; so a benchmark goes on where it was stopped or killed.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { asRecord } from '../../dataset/shape';
import { writeFailure } from '../../training/weights/files';
import type { Side } from '../journal';

export interface GivenAnswer {
  readonly key: string;
  readonly side: Side;
  readonly subject: string;
  /** 1-based, among those of the subject. */
  readonly question: number;
  /** Natural logarithm of the probability of each choice; or what the model wrote. */
  readonly logProbabilities?: readonly number[];
  readonly text?: string;
  /** The beginning of the prompt was cut off. */
  readonly cut?: true;
}

export class AnswerLog {
  readonly #answers = new Map<string, GivenAnswer>();
  readonly #path: string;
  readonly #file: number;

  /** @throws Failure `disk-full` or `write-failed` */
  constructor(path: string) {
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    for (const line of text.split('\n')) {
      const answer = answerOf(line);
      if (answer) this.#answers.set(answer.key, answer);
    }
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#file = openSync(path, 'a');
    } catch (error) {
      throw writeFailure(error, path, 0);
    }
    // A killed process may have left its last line unfinished.
    if (text !== '' && !text.endsWith('\n')) this.#write('\n');
  }

  get(key: string): GivenAnswer | undefined {
    return this.#answers.get(key);
  }

  add(answer: GivenAnswer): void {
    this.#write(`${JSON.stringify(answer)}\n`);
    this.#answers.set(answer.key, answer);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      throw writeFailure(error, this.#path, 0);
    }
  }
}

function answerOf(line: string): GivenAnswer | undefined {
  try {
    const { key, side, subject, question, logProbabilities, text, cut } = asRecord(JSON.parse(line)) ?? {};
    if (typeof key !== 'string' || typeof subject !== 'string' || typeof question !== 'number') return undefined;
    const found = { key, side: side === 'tuned' ? side : 'base', subject, question } as const;
    const isCut = cut === true ? { cut: true as const } : {};
    if (typeof text === 'string') return { ...found, text, ...isCut };
    if (!Array.isArray(logProbabilities) || !logProbabilities.every((one) => typeof one === 'number')) return undefined;
    return { ...found, logProbabilities, ...isCut };
  } catch {
    return undefined;
  }
}
