import * as path from 'node:path';
import * as vscode from 'vscode';
import { METRIC_CATALOG } from '../evaluation/metrics/catalog';
import type { RunSummary } from '../training/run-folder';
import { ask, browse, fileChoice, separator, type Choice } from './choices';
import { byLikelihood } from './discovery';

/** What to evaluate on: a file, or `validation` for the rows that the run was validated on. */
export type EvaluationData = 'validation' | { readonly file: string };

/** Asks on which rows the models are compared. `undefined`: given up. */
export async function pickEvaluationData(run: RunSummary): Promise<EvaluationData | undefined> {
  const { validation_file: file, validation_split: split, train_file: trained } = run.settings ?? {};
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const own: Choice<EvaluationData>[] = [];
  const take = (): Promise<EvaluationData> => Promise.resolve('validation');
  if (typeof file === 'string')
    own.push({ label: '$(beaker) The validation data of the run', description: path.basename(file), take });
  else if (typeof split === 'number' && split > 0)
    own.push({
      label: '$(beaker) The validation data of the run',
      description: 'the records that it set apart and never learned from',
      take,
    });
  const choices = async (): Promise<Choice<EvaluationData>[]> => {
    const found = await vscode.workspace.findFiles('**/*.jsonl', '**/{node_modules,.finetune,.git}/**', 500);
    const others = byLikelihood(found.map((uri) => uri.fsPath)).filter((each) => each !== file);
    // Of the data for other uses, test data comes first here, and what was learned from comes last.
    const sorted = [
      ...others.reverse().filter((each) => each !== trained),
      ...others.filter((each) => each === trained),
    ];
    return [
      ...own,
      ...(own.length > 0 ? [separator()] : []),
      ...sorted.map((each): Choice<EvaluationData> => {
        const note = each === trained ? 'the model has learned from it' : undefined;
        return { ...fileChoice(each, folder, note), take: () => Promise.resolve({ file: each }) };
      }),
      separator(),
      { label: '$(folder-opened) Browse…', take: () => browseData(folder) },
    ];
  };
  return ask(
    choices(),
    `Evaluate ${run.name}: data`,
    'Records with the right answers, which the model has not learned from',
  );
}

async function browseData(folder: string): Promise<EvaluationData | undefined> {
  const file = await browse(folder, 'Evaluate on This File', 'jsonl');
  return file === undefined ? undefined : { file };
}

/** Asks what is measured. Empty: what suits the data; `undefined`: given up. */
export async function pickMetrics(run: RunSummary): Promise<readonly string[] | undefined> {
  const title = `Evaluate ${run.name}: metrics`;
  const choices: Choice<readonly string[]>[] = [
    {
      label: 'What suits the data',
      description: 'perplexity, token accuracy, and what fits the answers',
      take: () => Promise.resolve([]),
    },
    { label: 'Choose…', take: () => chooseMetrics(title) },
  ];
  return ask(Promise.resolve(choices), title, 'What is measured, of the base and of the tuned model');
}

async function chooseMetrics(title: string): Promise<readonly string[] | undefined> {
  // The others need a rule, which the command line takes.
  const items = METRIC_CATALOG.filter(({ needs }) => needs !== 'pattern' && needs !== 'schema').map(
    ({ id, title: label, summary, needs }) => ({ label, detail: summary, picked: needs === 'likelihoods', id }),
  );
  const chosen = await vscode.window.showQuickPick(items, { title, canPickMany: true, matchOnDetail: true });
  return chosen && chosen.length > 0 ? chosen.map(({ id }) => id) : undefined;
}
