/** Training and validation records, checked by the linter's own code and tokenised in the same pass. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Failure } from '../common/failure';
import { createRandom } from '../common/random';
import { decodeText } from '../dataset/encoding';
import { detectTextFormat } from '../dataset/records';
import type { EncodedExample } from '../dataset/example';
import { type ExampleTotals, summarizeExamples } from '../dataset/labels';
import { type LintResult, type Problem, lintText } from '../dataset-lsp/linter';
import { type CheckedBase, templateWarnings } from './base';
import type { Settings } from './settings';

export interface LoadedData {
  readonly train: readonly EncodedExample[];
  readonly validation: readonly EncodedExample[];
  readonly hashes: Readonly<Record<string, string>>;
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
  /** For run.json. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Throws a Failure (exit code 2) when a file cannot be read or has errors that make training meaningless. */
export function loadData(
  settings: Settings,
  base: Pick<CheckedBase, 'template' | 'tokenizer'>,
  onProgress: (done: number, total: number) => void,
): LoadedData {
  const train = loadFile(settings.train_file!, settings, base, onProgress);
  const given =
    settings.validation_file === null ? undefined : loadFile(settings.validation_file, settings, base, onProgress);
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
    hashes: { train: train.hash, ...(given ? { validation: given.hash } : {}) },
    warnings: [
      ...(!['completion', 'text'].includes(train.format) ? templateWarnings(base) : []),
      ...files.flatMap(({ path, problems, totals, leftOut }) => [
        ...leftOutWarning(path, leftOut),
        ...lintWarning(path, problems, settings),
        ...lengthWarning(path, totals, settings.max_length),
      ]),
    ],
    facts: {
      format: train.format,
      template: base.template.source,
      train: train.totals,
      ...(train.leftOut > 0 ? { left_out: train.leftOut } : {}),
      ...(given ? { validation: given.totals } : {}),
    },
  };
}

interface LoadedFile {
  readonly path: string;
  readonly format: string;
  /** Records that are not meant to be trained: their answer is a bad one. */
  readonly leftOut: number;
  readonly examples: readonly EncodedExample[];
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
): LoadedFile {
  const bytes = readBytes(path);
  const { text, problems: encoding } = decodeText(bytes);
  requireSupervised(path, text, settings);
  const total = text.split('\n').length;
  const examples: EncodedExample[] = [];
  const result = lintText(text, {
    format: settings.format === 'auto' ? undefined : settings.format,
    encoding,
    encode: { template, tokenizer, maxLength: settings.max_length },
    onExample: (example) => {
      examples.push(example);
      if (examples.length % PROGRESS_EVERY === 0) onProgress(examples.length, Math.max(total, examples.length));
    },
  });
  requireNoErrors(path, result, settings);
  requireExamples(path, examples, result);
  return {
    path,
    leftOut: result.summary.totalExamples - examples.length,
    format: result.format!,
    examples,
    totals: summarizeExamples(examples),
    problems: result.problems,
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Before anything is tokenised: pairs are no answers to learn by heart. */
function requireSupervised(path: string, text: string, { format }: Settings): void {
  const id = format === 'auto' ? detectTextFormat(text) : format;
  if (id === 'preference')
    throw new Failure(
      'data-preference',
      `${path} holds preference pairs, which are trained with DPO. This version trains supervised.`,
      `To train on the chosen answers, convert the file: fine-tune convert ${path} --to chat -o OUT`,
      2,
    );
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

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure(
      'data-unreadable',
      code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${code}).`,
      'Check the path in train_file or validation_file.',
      2,
    );
  }
}

function requireNoErrors(path: string, { problems }: LintResult, settings: Settings): void {
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

/** With the model and the length, since some findings depend on them. */
function checkCommand(path: string, { model, max_length }: Settings): string {
  return `fine-tune check ${path} --model ${model} --max-length ${max_length}`;
}

function lintWarning(path: string, problems: readonly Problem[], settings: Settings): LoadedData['warnings'] {
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  if (warnings.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { rule } of warnings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const listed = [...counts].map(([rule, count]) => `${rule} ${count}`).join(', ');
  return [
    {
      code: 'data-warnings',
      message: `${basename(path)} has ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}: ${listed}.`,
      hint: `"${checkCommand(path, settings)}" shows where.`,
    },
  ];
}

function leftOutWarning(path: string, leftOut: number): LoadedData['warnings'] {
  if (leftOut === 0) return [];
  const records = leftOut === 1 ? '1 record has' : `${leftOut} records have`;
  return [
    {
      code: 'left-out',
      message: `${basename(path)}: ${records} a false label and ${leftOut === 1 ? 'is' : 'are'} not trained.`,
      hint: 'Supervised training learns from good answers only.',
    },
  ];
}

function lengthWarning(path: string, totals: ExampleTotals, maxLength: number): LoadedData['warnings'] {
  const { cutExamples, lostTokens, lostTrainedTokens, trainedTokens } = totals;
  if (cutExamples === 0) return [];
  const share = ((100 * lostTrainedTokens) / (trainedTokens + lostTrainedTokens)).toFixed(1);
  return [
    {
      code: 'too-many-tokens',
      message: `${basename(path)}: ${cutExamples} records are cut off at ${maxLength} tokens. ${lostTokens} tokens are lost, ${lostTrainedTokens} of them trained (${share} %).`,
      hint: 'Raise max_length, or shorten the records: a cut answer teaches the model not to finish.',
    },
  ];
}

function splitOff(
  examples: readonly EncodedExample[],
  share: number,
  seed: number,
): { train: readonly EncodedExample[]; validation: readonly EncodedExample[] } {
  if (share === 0) return { train: examples, validation: [] };
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
