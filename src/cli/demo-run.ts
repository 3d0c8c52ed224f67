/** What `fine-tune demo` does. It loads the engine, so it is imported only when it is asked for. */
import { readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { decodeText } from '../dataset/encoding';
import { lintText } from '../dataset-lsp/linter';
import { metricsNamed } from '../evaluation/choose-metrics';
import { evaluate } from '../evaluation/evaluator';
import { GREEDY } from '../evaluation/generation/generator';
import { openGenerator } from '../evaluation/generation/open-generator';
import { recordEvaluation } from '../evaluation/record-evaluation';
import type { EvaluationReport, PredictionRow } from '../evaluation/report';
import { type EvaluationFiles, evaluationFiles } from '../evaluation/report-files';
import { readEvaluationData } from '../evaluation/rows';
import { openSubjects } from '../evaluation/subject';
import { physicalCores } from '../training/cores';
import { createOnnxRuntimeEngine } from '../training/engines/onnxruntime';
import type { RunFolder } from '../training/run-folder';
import { evaluationView } from './evaluation-view';
import { durationText } from './format';
import { finalEvent } from './run-report';
import { checkedSettings } from './setting-flags';
import type { Terminal } from './terminal';
import { styled } from './terminal';
import { report, runTrainer } from './train';

const SHOWN = 3;
const METRICS = ['perplexity', 'exact_match', 'f1', 'rougeL'];
const MAX_NEW_TOKENS = 120;
/** The model is so small that one pass over all tickets is the fastest. */
const PARALLEL = 100;

export async function demo(
  written: Readonly<Record<string, unknown>>,
  testFile: string,
  terminal: Terminal,
  trainerPath: string,
): Promise<number> {
  const settings = checkedSettings(written);
  terminal.out('A support desk turns tickets into records. Nobody trains on the tickets of the test; the first one:\n');
  terminal.out(indented(firstTicket(testFile), terminal));
  terminal.out('\n1. The data is checked.');
  for (const file of [settings.train_file!, settings.validation_file!]) terminal.out(`  ${findingsText(file)}`);
  terminal.out('\n2. Training.');
  const { runFolder, events, code } = await runTrainer(written, terminal, trainerPath, false);
  report(events, runFolder, terminal);
  if (code !== 0) return code;
  terminal.out('\n3. The base model and the tuned model answer the tickets of the test.');
  const last = finalEvent(events);
  const step = last && 'step' in last ? last.step : null;
  const tested = await test(runFolder, testFile, { step, maxLength: settings.max_length }, terminal);
  showTickets(tested.rows.slice(0, SHOWN), terminal);
  terminal.out(`On all ${tested.rows.length} tickets:`);
  evaluationView(terminal, false).done(tested.report, tested.files);
  terminal.out(
    [
      `The adapter:  ${runFolder.adapter}`,
      '',
      'Next:',
      '  your own data   node dist/cli.js check my.jsonl, then node dist/cli.js train --model MODEL --data my.jsonl',
      '  in VS Code      npm run workbench, then "Fine-tune: Train" in the command palette',
      '  other settings  node dist/cli.js train --config media/sample/finetune.json --epochs 1',
    ].join('\n'),
  );
  return 0;
}

/** What "fine-tune check" finds in a file, in one line. */
function findingsText(file: string): string {
  const { text, problems: encoding } = decodeText(readFileSync(file));
  const { format, summary, problems } = lintText(text, { encoding });
  const count = (severity: string): number => problems.filter((problem) => problem.severity === severity).length;
  return `${basename(file)}: ${summary.totalExamples} records of the format ${format ?? 'unknown'}, ${count('error')} errors, ${count('warning')} warnings`;
}

function firstTicket(file: string): string {
  const { messages } = JSON.parse(readFileSync(file, 'utf8').split('\n', 1)[0]!) as {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
  return messages.find(({ role }) => role === 'user')!.content;
}

interface Tested {
  readonly report: EvaluationReport;
  readonly rows: readonly PredictionRow[];
  readonly files: EvaluationFiles;
}

/** As "fine-tune evaluate" does; the report is kept in the run. */
async function test(
  { path }: RunFolder,
  testFile: string,
  { step, maxLength }: { readonly step: number | null; readonly maxLength: number },
  terminal: Terminal,
): Promise<Tested> {
  const started = performance.now();
  const subjects = openSubjects(path);
  const { checked } = subjects.base;
  const { seed } = GREEDY;
  const contextLength = checked.config.maxPositions;
  const data = readEvaluationData(testFile, checked, { format: 'auto', maxLength, contextLength, seed });
  const files = evaluationFiles(join(path, 'evaluation'), basename(testFile, extname(testFile)));
  const view = evaluationView(terminal, false);
  const report = await evaluate(
    {
      subjects,
      sides: ['base', 'tuned'],
      step,
      data,
      metrics: metricsNamed(METRICS),
      rules: {},
      sampling: { ...GREEDY, maxNewTokens: MAX_NEW_TOKENS },
      answerLimit: data.rows.length,
      seed,
      notes: [],
    },
    {
      files,
      engine: () => createOnnxRuntimeEngine({ device: 'cpu', threads: physicalCores(), prepack: false }),
      memory: 'fast',
      openGenerator: (subject) =>
        openGenerator(subject, { engine: 'auto', device: 'cpu', contextLength, parallel: PARALLEL }),
      signal: new AbortController().signal,
      onProgress: view.show,
    },
  );
  view.end();
  if (!report) throw new Error('Nothing aborts the test.');
  recordEvaluation(path, files, report);
  terminal.out(`  ${2 * data.rows.length} answers in ${durationText((performance.now() - started) / 1000)}.\n`);
  const lines = readFileSync(files.predictions, 'utf8').trimEnd().split('\n');
  return { report, rows: lines.map((line) => JSON.parse(line) as PredictionRow), files };
}

function showTickets(rows: readonly PredictionRow[], terminal: Terminal): void {
  for (const { prompt, reference, base, tuned } of rows) {
    const isRight = tuned?.text === reference;
    for (const [title, text] of [
      ['Ticket', prompt],
      ['Base model', base?.text ?? ''],
      [`Tuned (${isRight ? 'equal to the reference' : 'not equal to the reference'})`, tuned?.text ?? ''],
      ...(isRight ? [] : [['Reference', reference] as const]),
    ] as const)
      terminal.out(`${styled(terminal.colorOut, 'bold', title)}\n${indented(text, terminal)}\n`);
  }
}

/** Wrapped to the width of the terminal, two spaces in. */
function indented(text: string, terminal: Terminal): string {
  const width = Math.max(20, Math.min(100, terminal.columns()) - 2);
  return text
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${width}}(?:\\s|$)|.{1,${width}}`, 'g')) ?? [''])
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n');
}
