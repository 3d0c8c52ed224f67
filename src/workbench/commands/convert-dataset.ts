import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import { FORMATS } from '../../dataset/formats';
import { dataFile } from '../data-files';
import { lastLine } from '../dataset-words';
import { askForTarget, offerResult, refusalText, runDatasetCommand } from '../dataset-work';
import type { Workbench } from '../workbench';

/** Writes a data file in another format. What the new format cannot express is said before anything is left out. */
export async function convertDataset(workbench: Workbench, resource?: unknown): Promise<void> {
  const file = await dataFile(resource, 'The conversion reads the file from the disk.');
  if (file === undefined) return;
  const choices = FORMATS.filter(({ id }) => id !== 'text').map(({ id, keys }) => ({ label: id, description: keys }));
  const choice = await vscode.window.showQuickPick(choices, {
    title: `Convert ${path.basename(file)}`,
    placeHolder: 'The new format',
  });
  if (!choice) return;
  const target = await askForTarget(file, choice.label, 'Convert');
  if (target === undefined) return;
  const args = ['convert', file, '--to', choice.label, '-o', target, '--force'];
  const title = `Converting ${path.basename(file)} to ${choice.label}`;
  let result = await runDatasetCommand(workbench, title, args);
  if (result.code === 1 && result.err.trim() !== '') {
    const answer = await vscode.window.showWarningMessage(
      `Some records of ${path.basename(file)} cannot become ${choice.label}. Nothing was written.`,
      { modal: true, detail: refusalText(result.err, file) },
      'Leave Them Out',
    );
    if (answer === undefined) return;
    result = await runDatasetCommand(workbench, title, [...args, '--skip-refused']);
    if (result.code === 1 && result.out.trim() === '') throw new Failure('refused', refusalText(result.err, file), '');
  }
  await offerResult(lastLine(result.out), target);
}
