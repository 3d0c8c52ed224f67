/** What the model says of every preference pair before the first step, which DPO measures from. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type EncodedExample, sidesOf } from '../dataset/example';
import { type Batch, type RowBatch, planEvaluation } from './batches';
import { type LogProbabilities, type References, logProbabilities } from './preference';
import type { EvaluationSession } from './session';
import { writeFileAtomically } from './weights/files';
import { readJsonObject } from './weights/json-file';

export interface ReferenceOptions {
  /** Where they are kept, so that a resumed run need not make them again. */
  readonly file: string;
  /** What they depend on besides the pairs: hashes of the model and whatever else gives the starting weights. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly examples: readonly EncodedExample[];
  readonly batchSize: number;
  readonly collate: (rows: RowBatch) => Batch;
  /** A session with the weights as they are before the first step. */
  readonly open: () => Promise<EvaluationSession>;
  readonly onProgress: (done: number, total: number) => void;
  /** Then what is missing stays missing, and nothing is kept. */
  readonly stopRequested: () => boolean;
}

/** Reads or makes them; the same pairs and the same model give the same numbers. */
export async function loadReferences(options: ReferenceOptions): Promise<References> {
  const key = keyOf(options);
  const known = readReferences(options.file, key, options.examples);
  if (known) return known;
  const made = await makeReferences(options);
  if (made.size === options.examples.length) writeReferences(options.file, key, options.examples, made);
  return made;
}

async function makeReferences(options: ReferenceOptions): Promise<References> {
  const references = new Map<EncodedExample, LogProbabilities>();
  const batches = planEvaluation(options.examples, options.batchSize);
  const session = await options.open();
  try {
    for (const [i, rows] of batches.entries()) {
      if (options.stopRequested()) break;
      const batch = options.collate(rows);
      const { nll } = await session.forward(batch);
      for (const pair of batch.pairs ?? []) references.set(pair.example, logProbabilities(nll, pair));
      options.onProgress(i + 1, batches.length);
    }
  } finally {
    await session.dispose();
  }
  return references;
}

/** Everything that changes a number changes the key: the model, and the tokens and labels of every pair. */
function keyOf({ hashes, examples }: ReferenceOptions): string {
  const hash = createHash('sha256').update(JSON.stringify(hashes));
  for (const { tokens, trained } of examples.flatMap(sidesOf))
    hash.update(Int32Array.of(tokens.length)).update(tokens).update(trained);
  return hash.digest('hex');
}

/** `undefined` where there is no file, or one that was made from something else, or a damaged one. */
function readReferences(file: string, key: string, examples: readonly EncodedExample[]): References | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const content = readJsonObject(file);
    const [chosen, rejected] = [numbersIn(content['chosen']), numbersIn(content['rejected'])];
    if (content['key'] !== key || chosen.length !== examples.length || rejected.length !== examples.length)
      return undefined;
    return new Map(examples.map((example, i) => [example, { chosen: chosen[i]!, rejected: rejected[i]! }]));
  } catch {
    return undefined;
  }
}

function numbersIn(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((each): each is number => typeof each === 'number') : [];
}

function writeReferences(file: string, key: string, examples: readonly EncodedExample[], references: References): void {
  const of = (side: keyof LogProbabilities): number[] => examples.map((example) => references.get(example)![side]);
  const bytes = Buffer.from(JSON.stringify({ key, chosen: of('chosen'), rejected: of('rejected') }));
  writeFileAtomically(file, bytes.length, (write) => write(bytes));
}
