/** Training and validation records, checked by the linter's own code and tokenised in the same pass. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import { decodeText } from '../dataset/encoding';
import { detectTextFormat } from '../dataset/records';
import { type EncodedExample, sidesOf } from '../dataset/example';
import type { FormatId } from '../dataset/formats';
import { isBlank, splitLines } from '../dataset/jsonl';
import { type ExampleTotals, summarizeExamples } from '../dataset/labels';
import { type LintResult, type Problem, lintText } from '../dataset-lsp/linter';
import type { CheckedBase } from './base';
import { checkCommand } from './check-command';
import { isSameAnswer, withRejected } from './pairs';
import { type Question, drawQuestions } from './questions';
import { type SampledRecord, sampleRecords } from './record-sample';
import type { Settings } from './settings';

export interface LoadedData {
  readonly train: readonly EncodedExample[];
  readonly validation: readonly EncodedExample[];
  /** Validation records that the model is asked while it trains; none without `eval_metrics`. */
  readonly questions: readonly Question[];
  readonly hashes: Readonly<Record<string, string>>;
  /** For the preflight: the training file, then the validation file where there is one. */
  readonly files: readonly LoadedFile[];
  /** For run.json. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Throws a Failure (exit code 2) when a file cannot be read or has errors that make training meaningless. */
export function loadData(
  settings: Settings,
  base: Pick<CheckedBase, 'template' | 'tokenizer'>,
  onProgress: (done: number, total: number) => void,
): LoadedData {
  const { file: train, text } = loadFile(settings.train_file!, settings, base, onProgress);
  const other =
    settings.validation_file === null ? undefined : loadFile(settings.validation_file, settings, base, onProgress);
  const given = other?.file;
  if (given && given.format !== train.format)
    throw new Failure(
      'data',
      `${settings.validation_file}: the format is "${given.format}", the training file has "${train.format}".`,
      'Give both files the same format.',
      2,
    );
  const sets = given
    ? { train: train.examples, validation: given.examples }
    : splitOff(train.examples, settings.validation_split, settings.seed);
  const files = [train, ...(given ? [given] : [])];
  return {
    ...sets,
    questions: drawQuestions(other?.text ?? text, train.format, sets.validation, settings, base),
    hashes: { train: train.hash, ...(given ? { validation: given.hash } : {}) },
    files,
    facts: {
      format: train.format,
      template: base.template.source,
      train: train.totals,
      ...(train.leftOut > 0 ? { left_out: train.leftOut } : {}),
      ...(given ? { validation: given.totals } : {}),
    },
  };
}

export interface LoadedFile {
  readonly path: string;
  readonly format: FormatId;
  /** Records that are not meant to be trained: their answer is a bad one. */
  readonly leftOut: number;
  readonly examples: readonly EncodedExample[];
  /** Records without a trained token; they are not among the examples, but in the totals. So are the next ones. */
  readonly masked: readonly EncodedExample[];
  /** Preference pairs whose answers are the same tokens. */
  readonly undecided: readonly EncodedExample[];
  /** What some of the examples hold, for checks of template and tokenizer. */
  readonly sample: readonly SampledRecord[];
  readonly totals: ExampleTotals;
  readonly problems: readonly Problem[];
  readonly hash: string;
}

const PROGRESS_EVERY = 500;
const SHOWN_ERRORS = 5;

function loadFile(
  path: string,
  settings: Settings,
  { template, tokenizer }: Pick<CheckedBase, 'template' | 'tokenizer'>,
  onProgress: (done: number, total: number) => void,
): { readonly file: LoadedFile; readonly text: string } {
  const bytes = readBytes(path);
  const { text, problems: encoding } = decodeText(bytes);
  requireObjective(path, text, settings);
  const total = text.split('\n').length;
  const encode = { template, tokenizer, maxLength: settings.max_length };
  const answers: EncodedExample[] = [];
  const result = lintText(text, {
    format: settings.format === 'auto' ? undefined : settings.format,
    encoding,
    encode,
    onExample: (example) => {
      answers.push(example);
      if (answers.length % PROGRESS_EVERY === 0) onProgress(answers.length, Math.max(total, answers.length));
    },
  });
  const unlabelled = new Set(answers.filter(({ trained }) => !trained.includes(1)).map(({ line }) => line));
  // How many records without labels are too many is for the preflight to say.
  const problems = result.problems.filter(({ rule, line }) => rule !== 'nothing-to-train' || !unlabelled.has(line));
  requireNoErrors(path, problems, settings);
  requireExamples(path, answers, result);
  const format = result.format!;
  const examples = settings.objective === 'dpo' ? withRejected(path, text, answers, encode) : answers;
  const isMasked = (example: EncodedExample): boolean => sidesOf(example).some(({ trained }) => !trained.includes(1));
  const masked = examples.filter(isMasked);
  const undecided = examples.filter((example) => !isMasked(example) && isSameAnswer(example));
  const trained = examples.filter((example) => !isMasked(example) && !isSameAnswer(example));
  const file = {
    path,
    leftOut: result.summary.totalExamples - examples.length,
    format,
    examples: trained,
    masked,
    undecided,
    sample: sampleRecords(text, format, trained),
    totals: summarizeExamples(examples),
    problems,
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
  return { file, text };
}

/** Before anything is tokenised: pairs are no answers to learn by heart, and other records have nothing to prefer. */
function requireObjective(path: string, text: string, { format, objective }: Settings): void {
  const id = format === 'auto' ? detectTextFormat(text) : format;
  if (id === 'preference' && objective === 'supervised')
    throw new Failure(
      'data-preference',
      `${path} holds preference pairs, and objective is supervised, which learns one answer by heart.`,
      `Set objective to dpo to learn the preference. To learn the chosen answers alone: fine-tune convert ${path} --to chat -o OUT`,
      2,
    );
  if (id !== undefined && id !== 'preference' && objective === 'dpo')
    throw new Failure(
      'data-not-preference',
      `${path}:${firstRecord(text)} The records are of the format "${id}", and objective is dpo, which needs a chosen and a rejected answer in each.`,
      'Set objective to supervised, or give every record "prompt", "chosen" and "rejected".',
      2,
    );
}

/** The 1-based line of it. */
function firstRecord(text: string): number {
  for (const { number, start, end } of splitLines(text)) if (!isBlank(text.slice(start, end))) return number;
  return 1;
}

function requireExamples(path: string, examples: readonly EncodedExample[], { summary }: LintResult): void {
  if (examples.length > 0) return;
  throw new Failure(
    'data',
    `${path}: none of the ${summary.totalExamples} records is meant to be trained, since their labels are all false.`,
    'Supervised training needs records whose label is true.',
    2,
  );
}

/** @throws Failure `data-unreadable` (exit code 2) */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure(
      'data-unreadable',
      code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${code}).`,
      'Check the path of the data.',
      2,
    );
  }
}

function requireNoErrors(path: string, problems: readonly Problem[], settings: Settings): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const shown = errors
    .slice(0, SHOWN_ERRORS)
    .map(({ line, column, message, rule }) => `${path}:${line}:${column} ${message} (${rule})`);
  const more = errors.length > SHOWN_ERRORS ? [`… and ${errors.length - SHOWN_ERRORS} more.`] : [];
  throw new Failure(
    'data-errors',
    [`The data has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}:`, ...shown, ...more].join('\n'),
    `Correct them; "${checkCommand(path, settings)}" lists all of them.`,
    2,
  );
}

function splitOff(
  examples: readonly EncodedExample[],
  share: number,
  seed: number,
): { train: readonly EncodedExample[]; validation: readonly EncodedExample[] } {
  if (share === 0 || examples.length === 0) return { train: examples, validation: [] };
  const count = Math.max(1, Math.round(examples.length * share));
  if (count >= examples.length)
    throw new Failure(
      'data',
      `validation_split ${share} leaves no training record: there are ${examples.length} in all.`,
      'Add records, or set validation_split to 0.',
      2,
    );
  const shuffled = createRandom(seed, 500_000).shuffle([...examples]);
  return { train: shuffled.slice(count), validation: shuffled.slice(0, count) };
}
