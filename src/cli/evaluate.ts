/** `fine-tune evaluate RUN|ADAPTER|MODEL` */
import { Failure } from '../common/failure';
import { SETTINGS } from '../training/settings';
import type { Arguments, Command, Flag } from './command';
import { OUTPUT_DIR_FLAG } from './runs';

const ENGINES = ['auto', 'llama.cpp', 'onnxruntime'] as const;
const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'dml'] as const;

const SAMPLING_FLAGS: readonly Flag[] = [
  { name: 'max-new-tokens', value: 'N', help: 'Tokens of an answer at most. Default: 256.' },
  { name: 'temperature', value: 'X', help: 'Above 0: answers are drawn. Default: 0, always the likeliest token.' },
  {
    name: 'top-p',
    value: 'X',
    help: 'Drawn among the likeliest tokens that together have this share. Default: 1, all.',
  },
  { name: 'top-k', value: 'N', help: 'Drawn among so many likeliest tokens. Default: 0, all.' },
  {
    name: 'min-p',
    value: 'X',
    help: 'Drawn among tokens at least this share as likely as the likeliest. Default: 0, all.',
  },
  { name: 'repeat-penalty', value: 'X', help: 'Above 1: tokens that were written become less likely. Default: 1.' },
];

const BENCHMARK_FLAGS: readonly Flag[] = [
  {
    name: 'benchmark',
    value: 'mmlu|multiple-choice|qa',
    help: 'Asks both models the questions of a benchmark; without --data nothing else.',
  },
  { name: 'mmlu-dir', value: 'DIR', help: 'MMLU as its authors (CSV) or the hub (Parquet) have it, or as JSON Lines.' },
  {
    name: 'benchmark-file',
    value: 'FILE',
    help: 'Your own questions: JSON Lines with question, choices and answer, or for qa with question and answer.',
  },
  { name: 'shots', value: 'N', help: 'Examples before each question. Default: 5 for MMLU, 0 for others.' },
  { name: 'subjects', value: 'A,B,…', many: true, help: 'Only these subjects, or these groups of MMLU.' },
  {
    name: 'benchmark-method',
    value: 'log-likelihood|generate',
    help: 'The likeliest letter, as lm-eval; or the one in a written answer. Default: log-likelihood, for qa generate.',
  },
];

export const evaluateCommand: Command = {
  name: 'evaluate',
  usage: 'RUN|ADAPTER|MODEL [--data FILE] [flags]',
  summary: 'Compares the tuned model with its base on the same rows, and writes a report.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'data', value: 'FILE', help: 'Rows to evaluate on. Default: those that the run was validated on.' },
    { name: 'format', value: SETTINGS.format.choices.join('|'), help: SETTINGS.format.help },
    {
      name: 'metrics',
      value: 'A,B,…',
      many: true,
      help: 'What is measured. Default: perplexity, token accuracy, and what suits the answers of the data.',
    },
    { name: 'pattern', value: 'REGEX', help: 'Of the metric pattern: what is to be found in an answer.' },
    { name: 'schema', value: 'FILE', help: 'Of the metric json_schema: the schema that an answer must fit.' },
    {
      name: 'limit',
      value: 'N',
      help: 'A sample of so many rows; of a benchmark the first so many questions of each subject. Default: all, and answers to at most 200 rows.',
    },
    { name: 'base-only', help: 'Evaluates the base model alone.' },
    { name: 'tuned-only', help: 'Evaluates the tuned model alone.' },
    { name: 'checkpoint', value: 'STEP', help: 'Of a run: what it had learned by this step, instead of its result.' },
    { name: 'model', value: 'PATH', help: 'Base of an adapter that names none, or one that has moved.' },
    { name: 'template', value: 'NAME', help: SETTINGS.template.help },
    ...SAMPLING_FLAGS,
    { name: 'seed', value: 'N', help: 'Of the sample, the answers and the intervals. Default: 42.' },
    {
      name: 'max-length',
      value: 'N',
      help: "Tokens at which a row is cut for its likelihood. Default: the run's, or 2048.",
    },
    {
      name: 'context-length',
      value: 'N',
      help: 'Most tokens of prompt and answer together. Default: 4096, or fewer where the model allows only those.',
    },
    {
      name: 'engine',
      value: ENGINES.join('|'),
      help: 'What writes the answers. Default: auto, llama.cpp where it can.',
    },
    {
      name: 'device',
      value: DEVICES.join('|'),
      help: 'Where the model runs. Default: auto, a GPU for the answers where llama.cpp has one, else the processor.',
    },
    { name: 'name', value: 'NAME', help: 'Name of the report. Default: after the data.' },
    ...BENCHMARK_FLAGS,
    { name: 'json', help: 'Prints progress and the report as lines of JSON.' },
    OUTPUT_DIR_FLAG,
  ],
  notes: `The report lies in the folder "evaluation" of the run: NAME.json, NAME.md and NAME.predictions.jsonl; that of a
model without a run in .finetune/evaluations. Ctrl-C keeps what is done, and the same command goes on there.
--mmlu-dir holds dev/SUBJECT_dev.csv and test/SUBJECT_test.csv, or SUBJECT/test-00000-of-00001.parquet, or the same names
with .jsonl. A line of --benchmark-file: {"question": "…", "choices": ["…", "…"], "answer": "B"}, the answer as a letter, an
index from 0 or the text; or for qa {"question": "…", "answer": "…"}. "subject" is optional.
Exit codes: 0 done, 1 failed, 2 unusable arguments, data or model, 130 stopped.`,
  run: async (input, terminal) => {
    if (input.has('base-only') && input.has('tuned-only'))
      throw new Failure('usage', '--base-only and --tuned-only exclude each other.', 'Give one of them.', 2);
    const choices = {
      engine: choiceOf(input, 'engine', ENGINES, 'auto'),
      device: choiceOf(input, 'device', DEVICES, 'auto'),
      format: choiceOf(input, 'format', SETTINGS.format.choices, 'auto'),
      template:
        input.last('template') === undefined
          ? undefined
          : choiceOf(input, 'template', SETTINGS.template.choices, 'auto'),
    };
    const { runEvaluation } = await import('./evaluate-run');
    return await runEvaluation(input, choices, terminal);
  },
};

export interface EvaluateChoices {
  readonly engine: (typeof ENGINES)[number];
  readonly device: (typeof DEVICES)[number];
  readonly format: (typeof SETTINGS.format.choices)[number];
  readonly template: (typeof SETTINGS.template.choices)[number] | undefined;
}

function choiceOf<T extends string>(input: Arguments, flag: string, choices: readonly T[], fallback: T): T {
  const given = input.last(flag) ?? fallback;
  const known = choices.find((choice) => choice === given);
  if (known !== undefined) return known;
  throw new Failure('usage', `--${flag} ${given} is not possible.`, `Choose among ${choices.join(', ')}.`, 2);
}
