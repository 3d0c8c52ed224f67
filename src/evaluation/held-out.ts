/** Which rows a run has never seen: its validation file, or what it had split off; and which of any rows it has. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import { decodeText } from '../dataset/encoding';
import { isBlank, parseLine, splitLines } from '../dataset/jsonl';
import type { CheckedBase } from '../training/base';
import { loadData } from '../training/data';
import type { TunedRun } from './subject';

export interface HeldOut {
  readonly path: string;
  /** Only these lines of the file; all where it is missing. */
  readonly lines?: ReadonlySet<number>;
}

type Checked = Pick<CheckedBase, 'template' | 'tokenizer'>;

/**
 * The rows on which the run was validated.
 * @throws Failure (exit code 2) `no-validation-data`, or `data-changed` where nobody can tell any more which rows they were
 */
export function heldOutRows(run: TunedRun, checked: Checked): HeldOut {
  const { validation_file: validation, validation_split: split, train_file: train } = run.settings;
  if (validation !== null) return { path: validation };
  if (split === 0 || train === null)
    throw new Failure(
      'no-validation-data',
      `The run ${run.file.name} has no validation data.`,
      'Name data that it was not trained on with --data FILE.',
      2,
    );
  if (hashOf(train) !== run.file.hashes?.['train'])
    throw new Failure(
      'data-changed',
      `${train} is not what the run was trained on any more, so nobody can tell which rows it was validated on.`,
      'Name data that it was not trained on with --data FILE.',
      2,
    );
  return { path: train, lines: splitLinesOf(run, checked) };
}

/** What must be said about rows that the run was trained on. */
export function trainedOnNotes(
  run: TunedRun,
  data: HeldOut,
  evaluated: ReadonlySet<number>,
  checked: Checked,
): string[] {
  const { train_file: train, validation_file: validation, validation_split: split } = run.settings;
  if (train === null || data.lines) return [];
  if (hashOf(train) === undefined)
    return [`${train} is not there any more: nobody can tell whether the run was trained on rows of this data.`];
  const changed = hashOf(train) === run.file.hashes?.['train'] ? [] : [`${train} has changed since the training.`];
  // A row that was split off is in the file, and was not trained on.
  const heldOut = validation === null && split > 0 && changed.length === 0 ? splitLinesOf(run, checked) : undefined;
  const trained = new Set([...recordKeys(train)].filter(([line]) => heldOut?.has(line) !== true).map(([, key]) => key));
  const keys = recordKeys(data.path);
  const seen = [...evaluated].filter((line) => trained.has(keys.get(line)!)).length;
  if (seen === 0) return changed;
  return [
    ...changed,
    `The run was trained on ${seen === evaluated.size ? `all ${seen}` : `${seen} of the ${evaluated.size}`} rows: on new ones the tuned model will do worse than here.`,
  ];
}

/** The lines that the run split off its training file. */
function splitLinesOf({ settings }: TunedRun, checked: Checked): ReadonlySet<number> {
  const { validation } = loadData({ ...settings, eval_metrics: [] }, checked, () => undefined);
  return new Set(validation.map(({ line }) => line));
}

/** By line, what is equal for equal records, however they are written. */
function recordKeys(path: string): ReadonlyMap<number, string> {
  const { text } = decodeText(readFileSync(path));
  const keys = new Map<number, string>();
  for (const { number, start, end } of splitLines(text)) {
    const source = text.slice(start, end);
    if (isBlank(source)) continue;
    const parsed = parseLine(source);
    const written = parsed.ok ? JSON.stringify(parsed.value) : source;
    keys.set(number, createHash('sha256').update(written).digest('base64'));
  }
  return keys;
}

/** Of the bytes; undefined where the file cannot be read. */
function hashOf(path: string): string | undefined {
  try {
    return createHash('sha256')
      .update(readFileSync(resolve(path)))
      .digest('hex');
  } catch {
    return undefined;
  }
}
