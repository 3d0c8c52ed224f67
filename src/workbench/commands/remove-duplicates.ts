import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import { dataFile } from '../data-files';
import { lastLine } from '../dataset-words';
import { askForTarget, offerResult, refusalText, runDatasetCommand } from '../dataset-work';
import type { Workbench } from '../workbench';

/** Writes a data file without copies. The file itself stays as it is. */
export async function removeDuplicates(workbench: Workbench, resource?: unknown): Promise<void> {
  const file = await dataFile(resource, 'Duplicates are looked for in the file on the disk.');
  if (file === undefined) return;
  const choices = [
    { label: 'Exact copies', description: 'of several the first one stays', flags: [] },
    {
      label: 'Exact and near copies',
      description: '70 % of the five-word runs are the same; the longest answer stays',
      flags: ['--near'],
    },
  ];
  const choice = await vscode.window.showQuickPick(choices, {
    title: `Remove duplicates of ${path.basename(file)}`,
    placeHolder: 'What is removed',
  });
  if (!choice) return;
  const target = await askForTarget(file, 'unique', 'Write');
  if (target === undefined) return;
  const title = `Removing duplicates of ${path.basename(file)}`;
  const result = await runDatasetCommand(workbench, title, ['dedupe', file, ...choice.flags, '-o', target, '--force']);
  if (result.code === 1) throw new Failure('data', refusalText(result.err, file), '');
  await offerResult(lastLine(result.out), target);
}
