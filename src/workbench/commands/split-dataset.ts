import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import { dataFile } from '../data-files';
import { refusalText, runDatasetCommand } from '../dataset-work';
import type { Workbench } from '../workbench';

const SHARE = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/;

/** Divides a data file into training and validation data; copies of a record come to lie on one side. */
export async function splitDataset(workbench: Workbench, resource?: unknown): Promise<void> {
  const file = await dataFile(resource, 'The split reads the file from the disk.');
  if (file === undefined) return;
  const given = await vscode.window.showInputBox({
    title: `Split ${path.basename(file)}`,
    prompt: 'Percent of the records for validation. Copies and near duplicates stay on one side.',
    value: '10',
    validateInput: (text) => (shareOf(text) === undefined ? 'Write a number from 1 to 90.' : undefined),
  });
  const share = given === undefined ? undefined : shareOf(given);
  if (share === undefined) return;
  const [folder] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: vscode.Uri.file(path.dirname(file)),
      title: 'Folder for train.jsonl and validation.jsonl',
      openLabel: 'Write Here',
    })) ?? [];
  if (!folder) return;
  const args = ['split', file, '--validation', String(share), '--seed', '1', '-o', folder.fsPath];
  const parts = ['train.jsonl', 'validation.jsonl'].map((name) => path.join(folder.fsPath, name));
  if (parts.includes(file))
    throw new Failure(
      'usage',
      `${path.basename(file)} would be replaced by a part of itself.`,
      'Choose another folder.',
    );
  if (await anyExists(parts)) {
    const detail = `${folder.fsPath} has a train.jsonl or validation.jsonl already.`;
    if (!(await vscode.window.showWarningMessage('Replace the files?', { modal: true, detail }, 'Replace'))) return;
    args.push('--force');
  }
  const result = await runDatasetCommand(workbench, `Splitting ${path.basename(file)}`, args);
  if (result.code === 1) throw new Failure('data', refusalText(result.err, file), '');
  const lines = result.out.trim().split('\n');
  const message = lines.map((line) => path.basename(line)).join(', ');
  const choice = await vscode.window.showInformationMessage(message, 'Open train.jsonl');
  if (choice) await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(parts[0]!));
}

/** 0.1 for `10` and `10 %`. */
function shareOf(text: string): number | undefined {
  const percent = Number(SHARE.exec(text)?.[1] ?? NaN);
  return percent >= 1 && percent <= 90 ? percent / 100 : undefined;
}

async function anyExists(files: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    files.map((file) =>
      vscode.workspace.fs.stat(vscode.Uri.file(file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
