import { basename } from 'node:path';
import { type EncodedExample, sidesOf } from '../../dataset/example';
import { checkCommand } from '../check-command';
import type { LoadedData, LoadedFile } from '../data';
import type { Settings } from '../settings';
import { type Finding, MANY, countOf, linesText, severityFor } from './finding';

type Checked = Pick<
  Settings,
  'model' | 'template' | 'max_length' | 'validation_file' | 'format' | 'early_stopping_patience'
>;

/** What the records say by themselves: lengths, labels, what the linter found, and who is in both sets. */
export function dataFindings(data: Pick<LoadedData, 'train' | 'validation' | 'files'>, settings: Checked): Finding[] {
  return [
    ...data.files.flatMap((file, i) => [
      ...leftOut(file),
      ...linted(file, settings),
      // The first file is the training data.
      ...(file.examples.length === 0 && i === 0 ? [nothing(file, settings)] : masked(file, settings)),
      ...sameAnswers(file, settings),
      ...cut(file, settings),
    ]),
    ...leaked(data, settings),
    ...earlyStopping(data, settings),
  ];
}

function earlyStopping(
  { validation }: Pick<LoadedData, 'validation'>,
  { early_stopping_patience: patience }: Checked,
): Finding[] {
  if (patience === null || validation.length > 0) return [];
  return [
    {
      code: 'early-stopping',
      severity: 'blocks',
      message: `early_stopping_patience is ${patience}, but there is no validation data to tell an improvement by.`,
      hint: 'Set validation_file, or validation_split to 0.1, or leave early_stopping_patience out.',
    },
  ];
}

function leftOut({ path, leftOut: count }: LoadedFile): Finding[] {
  if (count === 0) return [];
  const records = count === 1 ? '1 record has' : `${count} records have`;
  return [
    {
      code: 'left-out',
      severity: 'warns',
      message: `${basename(path)}: ${records} a false label and ${count === 1 ? 'is' : 'are'} not trained.`,
      hint: 'Supervised training learns from good answers only.',
    },
  ];
}

function linted({ path, problems }: LoadedFile, settings: Checked): Finding[] {
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  if (warnings.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { rule } of warnings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const listed = [...counts].map(([rule, count]) => `${rule} ${count}`).join(', ');
  return [
    {
      code: 'data-warnings',
      severity: 'warns',
      message: `${basename(path)} has ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}: ${listed}.`,
      hint: `"${checkCommand(path, settings)}" shows where.`,
    },
  ];
}

function nothing({ path, masked: records, undecided, totals }: LoadedFile, { max_length }: Checked): Finding {
  if (records.length === 0 && undecided.length > 0)
    return {
      code: 'no-trained-tokens',
      severity: 'blocks',
      message: `${basename(path)}: in every pair both answers are the same tokens within the maximum length of ${max_length}, so there is nothing to prefer.`,
      hint: 'Raise max_length, or give pairs whose answers differ.',
    };
  const beyond = totals.lostTrainedTokens;
  return {
    code: 'no-trained-tokens',
    severity: 'blocks',
    message:
      beyond > 0
        ? `${basename(path)}: no token of the ${records.length} records is trained; all ${beyond} that could be lie beyond the maximum length of ${max_length}.`
        : `${basename(path)}: no token of the ${records.length} records is trained; the answers are switched off, or the template does not write them.`,
    hint:
      beyond > 0
        ? 'Raise max_length, or shorten the prompts.'
        : 'Give answers the weight 1, or set template to chatml.',
  };
}

function masked({ path, masked: records, examples }: LoadedFile, settings: Checked): Finding[] {
  if (records.length === 0) return [];
  const all = records.length + examples.length;
  const lines = linesText(records.map(({ line }) => line));
  return [
    {
      code: 'masked-records',
      severity: severityFor(records.length / all, MANY),
      message: `${basename(path)}: ${countOf(records.length, all)} without a trained token, ${lines}. They are left out.`,
      hint: `Raise max_length (${settings.max_length}), give an answer the weight 1, or remove them; "${checkCommand(path, settings)}" says why for each.`,
    },
  ];
}

function sameAnswers(
  { path, masked: unlabelled, undecided, examples }: LoadedFile,
  { max_length }: Checked,
): Finding[] {
  if (undecided.length === 0) return [];
  const all = unlabelled.length + undecided.length + examples.length;
  return [
    {
      code: 'same-answers',
      severity: severityFor(undecided.length / all, MANY),
      message: `${basename(path)}: ${countOf(undecided.length, all)} with the same tokens for both answers, ${linesText(undecided.map(({ line }) => line))}. They are left out.`,
      hint: `Raise max_length (${max_length}) where the answers differ later, or remove the pairs.`,
    },
  ];
}

const MANY_CUT = 0.5;

function cut({ path, examples, totals }: LoadedFile, { max_length }: Checked): Finding[] {
  const { cutExamples, lostTokens, lostTrainedTokens, trainedTokens } = totals;
  if (cutExamples === 0 || examples.length === 0) return [];
  const answers = examples.filter((example) => sidesOf(example).some((side) => side.lostTrainedTokens > 0));
  const share = ((100 * lostTrainedTokens) / (trainedTokens + lostTrainedTokens)).toFixed(1);
  const where = answers.length > 0 ? `, ${countOf(answers.length, examples.length)} in the answer` : '';
  const place = answers.length > 0 ? ` (${linesText(answers.map(({ line }) => line))})` : '';
  return [
    {
      code: 'too-many-tokens',
      severity: severityFor(answers.length / examples.length, MANY_CUT),
      message: `${basename(path)}: ${cutExamples === 1 ? '1 record is' : `${cutExamples} records are`} cut off at ${max_length} tokens${where}${place}. ${lostTokens} tokens are lost, ${lostTrainedTokens} of them trained (${share} %).`,
      hint: 'Raise max_length, or shorten the records: a cut answer teaches the model not to finish.',
    },
  ];
}

const MANY_LEAKED = 0.01;

/** The same tokens in both sets. */
function leaked(
  { train, validation, files }: Pick<LoadedData, 'train' | 'validation' | 'files'>,
  { validation_file }: Checked,
): Finding[] {
  if (validation.length === 0) return [];
  const byHash = new Map<number, EncodedExample[]>();
  for (const example of train) {
    const hash = hashOf(example.tokens);
    const same = byHash.get(hash);
    if (same) same.push(example);
    else byHash.set(hash, [example]);
  }
  const found = validation.filter((one) => byHash.get(hashOf(one.tokens))?.some((other) => isSame(one, other)));
  if (found.length === 0) return [];
  const path = files.at(-1)!.path;
  return [
    {
      code: 'validation-in-training',
      severity: severityFor(found.length / validation.length, MANY_LEAKED),
      message: `${basename(path)}: ${countOf(found.length, validation.length)} for validation ${found.length === 1 ? 'is' : 'are'} also trained, ${linesText(found.map(({ line }) => line).sort((a, b) => a - b))}.`,
      hint:
        validation_file === null
          ? `The file holds them more than once; "fine-tune dedupe ${path} -o OUT" writes it without repetitions.`
          : 'Remove them from one of the two files; "fine-tune split" makes two that share nothing.',
    },
  ];
}

/** Cut records that begin in the same way are taken for the same only when as much of them is lost. */
function isSame(a: EncodedExample, b: EncodedExample): boolean {
  if (a.rejected && b.rejected && !isSame(a.rejected, b.rejected)) return false;
  return (
    a.lostTokens === b.lostTokens &&
    a.tokens.length === b.tokens.length &&
    a.tokens.every((token, i) => token === b.tokens[i])
  );
}

/** FNV-1a over the ids. */
function hashOf(tokens: Int32Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < tokens.length; i++) hash = Math.imul(hash ^ tokens[i]!, 0x01000193);
  return hash;
}
