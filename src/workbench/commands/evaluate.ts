import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import type { EvaluationReport } from '../../evaluation/report';
import type { RunSummary } from '../../training/run-folder';
import { showEvaluation } from '../../webview/evaluation-panel';
import type { EvaluationSource, HostAction } from '../../webview/evaluation-session';
import { saveFirst } from '../data-files';
import { pickEvaluationData, pickMetrics, type EvaluationData } from '../evaluation-form';
import { evaluationsOf } from '../evaluations';
import { runModelCommand } from '../model-command';
import { pickTrainedRun } from '../pick-run';
import { report } from '../report';
import { CANCELLED } from '../run-cli';
import { mayUseModels } from '../trust';
import { countText } from '../words';
import type { Workbench } from '../workbench';

/** Compares the trained model of a run with its base: asks on what, works in a process of its own, and shows the report. */
export async function evaluate(workbench: Workbench, folder?: unknown): Promise<void> {
  if (!(await mayUseModels('nothing is evaluated'))) return;
  const run = await pickTrainedRun(workbench, folder, 'Evaluate');
  const data = run && (await pickEvaluationData(run));
  if (!run || data === undefined) return;
  const metrics = await pickMetrics(run);
  if (metrics === undefined) return;
  if (data !== 'validation' && !(await saveFirst([data.file], 'The evaluation reads the file from the disk.'))) return;
  const name = nameOf(data);
  const args = [
    ...['evaluate', run.path, '--json', '--name', name],
    ...(data === 'validation' ? [] : ['--data', data.file]),
    ...(metrics.length > 0 ? ['--metrics', metrics.join(',')] : []),
  ];
  show(workbench, path.join(run.path, 'evaluation', `${name}.json`), evaluationSource(workbench, run, args));
}

/** Shows a report that is there: the one of this path, or one of the runs of the workspace. */
export async function openEvaluation(workbench: Workbench, given?: unknown): Promise<void> {
  const file = typeof given === 'string' ? given : await pickEvaluation(workbench);
  if (file === undefined) return;
  const name = path.basename(path.dirname(path.dirname(file)));
  const known = (await workbench.runs.list()).find(({ path: run }) => path.basename(run) === name);
  show(workbench, file, { name: known?.name ?? path.basename(file, '.json'), report: () => Promise.resolve(file) });
}

async function pickEvaluation({ runs }: Workbench): Promise<string | undefined> {
  const lists = (await runs.list()).map(async (run) =>
    (await evaluationsOf(run.path)).map(({ name, file, created }) => ({
      label: name,
      description: `${run.name}, ${created.toLocaleString()}`,
      file,
    })),
  );
  const items = (await Promise.all(lists)).flat();
  if (items.length === 0)
    throw new Failure('no-evaluation', 'No run of this workspace was evaluated yet.', 'Use Fine-tune: Evaluate.');
  const texts = { title: 'Open Evaluation', placeHolder: 'The report to show' };
  return (await vscode.window.showQuickPick(items, texts))?.file;
}

function show(workbench: Workbench, file: string, source: EvaluationSource & { onClose?: () => void }): void {
  const { context, log } = workbench;
  showEvaluation({
    extensionUri: context.extensionUri,
    key: file,
    source,
    act: (action, reportPath, shown) => act(action, reportPath, shown),
    onError: (error) => log.error(error instanceof Error ? error : String(error)),
    onClose: () => source.onClose?.(),
  });
}

/** Evaluates when it is first asked, and afterwards knows where the report is. A closed page does not end the work. */
function evaluationSource(
  workbench: Workbench,
  run: RunSummary,
  args: readonly string[],
): EvaluationSource & { onClose: () => void } {
  let done: string | undefined;
  let closed = false;
  const work: EvaluationSource['report'] = async (signal, onProgress) => {
    const told = (line: Readonly<Record<string, unknown>>): string | undefined => {
      const { type, side, phase, done: at, total } = line;
      if (type !== 'progress' || typeof at !== 'number' || typeof total !== 'number') return undefined;
      const words = phase === 'answers' ? `The ${side} model writes answers` : `Measuring the ${side} model`;
      onProgress(words, at, total);
      return `${words}: ${countText(at)} of ${countText(total)}`;
    };
    const result = await runModelCommand(workbench, `Evaluating ${run.name}`, args, { signal, onLine: told });
    if (typeof result['path'] !== 'string') throw new Failure('evaluate', 'The evaluation gave no report.', '');
    return result['path'];
  };
  return {
    name: run.name,
    onClose: () => (closed = true),
    report: async (signal, onProgress) => {
      if (done !== undefined) return done;
      try {
        done = await work(signal, onProgress);
      } catch (error) {
        if (closed) void report(workbench.log, error);
        if (!(error instanceof Failure) || error.code !== CANCELLED) throw error;
        throw new Failure(CANCELLED, 'The evaluation was cancelled.', 'What is done is kept: it goes on from there.');
      }
      if (closed) void offer(run.name, done);
      return done;
    },
  };
}

async function offer(name: string, file: string): Promise<void> {
  const choice = await vscode.window.showInformationMessage(`${name} is evaluated.`, 'Open Evaluation');
  if (choice) await vscode.commands.executeCommand('fine-tune.openEvaluation', file);
}

async function act(action: HostAction, file: string, { data, run }: EvaluationReport): Promise<void> {
  switch (action.type) {
    case 'copyMarkdown': {
      const text = await fs.readFile(file.replace(/\.json$/, '.md'), 'utf8').catch(() => {
        throw new Failure('no-markdown', `${file.replace(/\.json$/, '.md')} is missing.`, 'Evaluate the run again.');
      });
      await vscode.env.clipboard.writeText(text);
      vscode.window.setStatusBarMessage('Copied the report as Markdown', 3000);
      return;
    }
    case 'export':
      // Nobody waits for it, and it shows its own errors.
      void vscode.commands.executeCommand('fine-tune.export', run ?? undefined);
      return;
    case 'showLine':
      await showLine(data?.path, action.line);
      return;
    default:
      action satisfies never;
  }
}

async function showLine(file: string | undefined, line: number): Promise<void> {
  const document =
    file === undefined
      ? undefined
      : await vscode.workspace.openTextDocument(file).then(
          (opened) => opened,
          () => undefined,
        );
  if (!document || document.lineCount < line)
    throw new Failure(
      'no-line',
      `${file ?? 'The data file'} has no line ${line} any more.`,
      'It was moved or changed.',
    );
  const at = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(document, { selection: at, viewColumn: vscode.ViewColumn.Beside });
}

/** `validation`, or after the data file: the files of the report are named so. */
function nameOf(data: EvaluationData): string {
  if (data === 'validation') return data;
  const stem = path.basename(data.file, path.extname(data.file));
  const plain = stem.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  return plain.slice(0, 100) || 'data';
}
