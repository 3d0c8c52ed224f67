/**
 * What an evaluation has found so far, a line at a time, so that one that was cancelled or killed goes on where it was.
 * The first line says what is evaluated; a journal of anything else is begun anew.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { asRecord } from '../dataset/shape';
import { writeFailure } from '../training/weights/files';
import type { Likelihood } from './likelihood';
import type { GenerationFacts, Prediction } from './report';

export type Side = 'base' | 'tuned';

export type WrittenAnswer = Required<Pick<Prediction, 'text' | 'tokens' | 'finish'>>;

/** What both models did on one row, by line of the data. */
export interface Findings {
  readonly likelihoods: Readonly<Record<Side, Map<number, Likelihood>>>;
  readonly answers: Readonly<Record<Side, Map<number, WrittenAnswer>>>;
}

type Entry =
  | { readonly side: Side; readonly line: number; readonly likelihood: Likelihood }
  | { readonly side: Side; readonly line: number; readonly answer: WrittenAnswer }
  | { readonly engine: GenerationFacts['engine'] };

export class Journal {
  readonly findings: Findings = {
    likelihoods: { base: new Map(), tuned: new Map() },
    answers: { base: new Map(), tuned: new Map() },
  };
  /** What wrote the answers; the last one last. */
  readonly engines = new Set<GenerationFacts['engine']>();
  /** There was a journal of something else, which is lost. */
  readonly replaced: boolean;
  readonly #path: string;
  readonly #file: number;

  /**
   * @param key says what is evaluated; the same key gives the same findings
   * @throws Failure `disk-full` or `write-failed`
   */
  constructor(path: string, key: string) {
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const known = keyOf(text) === key;
    this.replaced = !known && entriesOf(text).length > 0;
    if (known) for (const entry of entriesOf(text)) this.#keep(entry);
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#file = openSync(path, known ? 'a' : 'w');
    } catch (error) {
      throw writeFailure(error, path, 0);
    }
    if (!known) this.#write(JSON.stringify({ key }));
    // A killed process may have left its last line unfinished.
    else if (!text.endsWith('\n')) this.#write('');
  }

  addLikelihood(side: Side, line: number, likelihood: Likelihood): void {
    this.#add({ side, line, likelihood });
  }

  addAnswer(side: Side, line: number, answer: WrittenAnswer): void {
    this.#add({ side, line, answer });
  }

  noteEngine(engine: GenerationFacts['engine']): void {
    this.#add({ engine });
  }

  /** What has been found stays for the next time. */
  close(): void {
    closeSync(this.#file);
  }

  /** The evaluation is complete: its report says all. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  #add(entry: Entry): void {
    this.#write(JSON.stringify(entry));
    this.#keep(entry);
  }

  #keep(entry: Entry): void {
    if ('engine' in entry) {
      this.engines.delete(entry.engine);
      this.engines.add(entry.engine);
    } else if ('answer' in entry) this.findings.answers[entry.side].set(entry.line, entry.answer);
    else this.findings.likelihoods[entry.side].set(entry.line, entry.likelihood);
  }

  #write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      throw writeFailure(error, this.#path, 0);
    }
  }
}

function keyOf(text: string): unknown {
  return asRecord(parsed(text.split('\n', 1)[0]!))?.['key'];
}

function entriesOf(text: string): Entry[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const entry = parsed(line);
      return isEntry(asRecord(entry)) ? [entry as Entry] : [];
    });
}

/** JSON has null where a number was not finite; such a row is computed again. */
function isEntry(entry: Readonly<Record<string, unknown>> | undefined): boolean {
  const likelihood = asRecord(entry?.['likelihood']);
  return likelihood ? typeof likelihood['nll'] === 'number' : entry !== undefined;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
