/** `fine-tune check FILE…` */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { version } from '../../package.json';
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import { FORMATS, type FormatId } from '../dataset/formats';
import {
  parseRuleFlags,
  REPORT_FORMATS,
  runCheck,
  type ReportFormat,
  type RunCheckOptions,
} from '../dataset-lsp/check';
import { NO_LIMITS } from '../dataset-lsp/check/problem-list';
import { TARGETS, targetRules } from '../dataset-lsp/targets';
import { SETTINGS } from '../training/settings';
import { ruleSettingsOf, SETTINGS_FLAG } from './check-settings';
import { tokensOf } from './check-tokens';
import type { Arguments, Command, Flag } from './command';
import { fileProgress } from './file-progress';
import { INTERRUPTED, type Terminal } from './terminal';

const FLAGS: readonly Flag[] = [
  { name: 'format', value: REPORT_FORMATS.join('|'), help: 'Form of the report. Default: text.' },
  {
    name: 'model',
    value: 'PATH',
    help: 'Base model whose tokenizer and chat template are used. Without it, token counts are estimates.',
  },
  { name: 'template', value: 'NAME', help: SETTINGS.template.help },
  {
    name: 'max-length',
    value: 'N',
    help: `Tokens of a record beyond this are cut off. Default: ${SETTINGS.max_length.default}.`,
  },
  { name: 'no-tokens', help: 'Count no tokens, which is faster.' },
  {
    name: 'validation',
    value: 'FILE',
    help: 'Validation data of the same format: records that are in both are found.',
  },
  { name: 'fix', help: 'Apply the safe fixes first: they change neither what the model reads nor what it learns.' },
  {
    name: 'rule',
    value: 'ID=SEVERITY',
    help: 'Severity of a rule (error, warning, information, hint or off), or one of its options: ID.OPTION=VALUE.',
    many: true,
  },
  SETTINGS_FLAG,
  {
    name: 'target',
    value: Object.keys(TARGETS).join('|'),
    help: 'Check against the limits of this service or library as well.',
  },
  {
    name: 'as',
    value: 'FORMAT',
    help: `Format of the files, instead of finding it out: ${FORMATS.map(({ id }) => id).join(', ')}.`,
  },
  { name: 'all', help: 'List every finding in the JSON or SARIF report, however many there are.' },
  { name: 'accept', help: 'Accept what is found: .finetune/suppressions.json hides as many findings from now on.' },
  { name: 'threads', value: 'N', help: 'Threads for large files. Default: one for each processor.' },
];

/** @param workerPath bundle of `dataset-lsp/check/worker.ts` */
export function checkCommand(workerPath: string): Command {
  return {
    name: 'check',
    usage: 'FILE… [flags]',
    summary: 'Checks training data: what cannot be trained, what would spoil a run, and how many tokens there are.',
    operands: { least: 1, most: Infinity },
    flags: FLAGS,
    notes: 'Exit codes: 0 no error, 1 errors found, 2 unusable arguments or unreadable file, 130 interrupted.',
    run: async (input, terminal) => {
      const options = optionsOf(input, terminal.cwd, existsSync(workerPath) ? workerPath : undefined);
      return await checkInterruptibly(input, options, terminal);
    },
  };
}

type Options = Omit<RunCheckOptions, 'write' | 'note' | 'color' | 'version'>;

async function checkInterruptibly(input: Arguments, options: Options, terminal: Terminal): Promise<number> {
  const paths = input.operands.map((path) => asWritten(path, terminal.cwd));
  const view = fileProgress(terminal);
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  const lines = wholeLines((text) => {
    view.end();
    terminal.out(text);
  });
  process.on('SIGINT', interrupt);
  try {
    return await runCheck(
      paths,
      {
        ...options,
        version,
        color: terminal.colorOut,
        write: lines,
        note: (line) => {
          view.end();
          terminal.err(`${line}\n`);
        },
      },
      { signal: controller.signal, onProgress: (progress) => view.show(progress), onFile: (path) => view.begin(path) },
    );
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return INTERRUPTED;
  } finally {
    process.off('SIGINT', interrupt);
    view.end();
  }
}

/** The report names files as the user wrote them. */
function asWritten(path: string, cwd: string): string {
  return cwd === process.cwd() ? path : resolve(cwd, path);
}

/** Passes on the lines that are whole, without the last line end. */
function wholeLines(write: (text: string) => void): (part: string) => void {
  let rest = '';
  return (part) => {
    const feed = part.lastIndexOf('\n');
    if (feed < 0) rest += part;
    else {
      write(rest + part.slice(0, feed));
      rest = part.slice(feed + 1);
    }
  };
}

function optionsOf(input: Arguments, cwd: string, workerPath: string | undefined): Options {
  const target = chosen(input, 'target', Object.keys(TARGETS));
  const validation = input.last('validation');
  return {
    output: chosen<ReportFormat>(input, 'format', REPORT_FORMATS) ?? 'text',
    ...parseRuleFlags(input.all('rule'), target === undefined ? [] : targetRules(target)),
    format: chosen<FormatId>(
      input,
      'as',
      FORMATS.map(({ id }) => id),
    ),
    target,
    ruleSettings: ruleSettingsOf(input, cwd),
    tokens: tokensOf(input, cwd),
    validation: validation && asWritten(validation, cwd),
    fix: input.has('fix'),
    accept: input.has('accept'),
    ...(input.has('all') ? { limits: NO_LIMITS } : {}),
    threads: threadsOf(input),
    workerPath,
  };
}

function threadsOf(input: Arguments): number | undefined {
  const text = input.last('threads');
  if (text === undefined) return undefined;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= 64) return threads;
  throw new Failure('usage', `--threads ${text} is no number of threads.`, 'Write a whole number from 1 to 64.', 2);
}

function chosen<Choice extends string>(input: Arguments, flag: string, choices: readonly Choice[]): Choice | undefined {
  const given = input.last(flag);
  if (given === undefined) return undefined;
  const choice = choices.find((one) => one === given);
  if (choice !== undefined) return choice;
  const near = nearest(given, choices);
  throw new Failure(
    'usage',
    `--${flag} ${given} is not known.`,
    near === undefined ? `Write --${flag} ${choices.join(` or --${flag} `)}.` : `Did you mean --${flag} ${near}?`,
    2,
  );
}
