/** What `fine-tune demo` does. It loads the engine, so it is imported only when it is asked for. */
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decodeText } from '../dataset/encoding';
import { lintText } from '../dataset-lsp/linter';
import { encodePrompt } from '../dataset/labels';
import { readRecords } from '../dataset/records';
import { generateGreedily } from '../evaluation/generation/greedy';
import { exactMatch } from '../evaluation/metrics/exact-match';
import { tally } from '../evaluation/metrics/metric';
import { readAdapter } from '../export/read-adapter';
import { checkBase } from '../training/base';
import { physicalCores } from '../training/cores';
import { createOnnxRuntimeEngine } from '../training/engines/onnxruntime';
import { openBaseModel } from '../training/weights/base-model';
import { durationText } from './format';
import { checkedSettings } from './setting-flags';
import type { Terminal } from './terminal';
import { styled } from './terminal';
import { report, runTrainer } from './train';

const SHOWN = 3;
const MAX_NEW_TOKENS = 120;
const BATCH_SIZE = 100;

export async function demo(
  written: Readonly<Record<string, unknown>>,
  testFile: string,
  terminal: Terminal,
  trainerPath: string,
): Promise<number> {
  const settings = checkedSettings(written);
  const questions = readQuestions(testFile);
  terminal.out(
    `A support desk turns tickets into records. ${questions.length} tickets that nobody trains on are the test; the first one:\n`,
  );
  terminal.out(indented(questions[0]!.ticket, terminal));
  terminal.out('\n1. The data is checked.');
  for (const file of [settings.train_file!, settings.validation_file!]) terminal.out(`  ${findingsText(file)}`);
  terminal.out('\n2. The base model answers the test tickets.');
  const base = { model: settings.model!, template: settings.template };
  const before = await answer(questions, base, undefined, terminal);
  terminal.out('\n3. Training.');
  const { runFolder, events, code } = await runTrainer(written, terminal, trainerPath, false);
  report(events, runFolder, terminal);
  if (code !== 0) return code;
  terminal.out('\n4. The tuned model answers the same tickets.');
  const after = await answer(questions, base, runFolder.adapter, terminal);

  const score = (predictions: readonly string[]): string => {
    const rows = predictions.map((prediction, i) => ({ prediction, references: [questions[i]!.reference] }));
    const share = tally(exactMatch, rows).score();
    return `${Math.round(share * rows.length)} of ${rows.length} right to the letter (${(100 * share).toFixed(0)} %)`;
  };
  terminal.out('');
  questions.slice(0, SHOWN).forEach(({ ticket, reference }, i) => {
    const right = after[i] === reference ? 'equal to the reference' : 'not equal to the reference';
    for (const [title, text] of [
      ['Ticket', ticket],
      ['Base model', before[i]!],
      [`Tuned (${right})`, after[i]!],
      ...(after[i] === reference ? [] : [['Reference', reference] as const]),
    ] as const)
      terminal.out(`${styled(terminal.colorOut, 'bold', title)}\n${indented(text, terminal)}\n`);
  });
  terminal.out(
    [
      `Base model:   ${score(before)}`,
      `Tuned model:  ${score(after)}`,
      '',
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

interface Question {
  readonly ticket: string;
  readonly reference: string;
  readonly messages: Parameters<typeof encodePrompt>[0];
}

function readQuestions(file: string): Question[] {
  const { records } = readRecords(decodeText(readFileSync(file)).text);
  return records.map(({ example }) => {
    if (example.kind !== 'conversation') throw new Error(`${file} holds no conversations.`);
    const { messages } = example;
    const [ticket, reference] = messages.slice(-2).map(({ content }) => content) as [string, string];
    return { ticket, reference, messages: { messages: messages.slice(0, -1) } };
  });
}

async function answer(
  questions: readonly Question[],
  { model, template }: { model: string; template: Parameters<typeof checkBase>[1]['template'] },
  adapterFolder: string | undefined,
  terminal: Terminal,
): Promise<string[]> {
  const started = performance.now();
  const base = openBaseModel(model);
  const checked = checkBase(base, { template, method: 'full', target_modules: [], max_length: 1 });
  const adapter = adapterFolder === undefined ? undefined : readAdapter(adapterFolder);
  const scratchFile = join(model, `.demo-${process.pid}.f32`);
  try {
    const answers = await generateGreedily(
      questions.map(({ messages }) => encodePrompt(messages, checked)),
      {
        engine: createOnnxRuntimeEngine({ device: 'cpu', threads: physicalCores(), prepack: true }),
        base,
        checked,
        adapter: adapter && { training: { method: 'lora', lora: adapter.lora }, parameters: adapter.parameters },
        scratchFile,
        maxNewTokens: MAX_NEW_TOKENS,
        batchSize: BATCH_SIZE,
        onProgress: (done) => {
          if (terminal.live) terminal.err(`\r  ${done} of ${questions.length} answers`);
        },
      },
    );
    if (terminal.live) terminal.err('\r\u001b[K');
    terminal.out(`  ${answers.length} answers in ${durationText((performance.now() - started) / 1000)}.`);
    return answers;
  } finally {
    rmSync(scratchFile, { force: true });
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
