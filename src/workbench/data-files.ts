import * as path from 'node:path';
import * as vscode from 'vscode';
import { pickTrainingFile } from './train-form';

/**
 * The data file that a command is meant for: the one a menu was opened on, the active editor's, or the one that is
 * picked. What is unsaved in it is saved first, since the work is done on the disk. `undefined`: given up.
 */
export async function dataFile(resource: unknown, reason: string): Promise<string | undefined> {
  const named = resource instanceof vscode.Uri ? fileOf(resource) : undefined;
  const active = fileOf(vscode.window.activeTextEditor?.document.uri);
  const file =
    named ??
    (active !== undefined && isJsonl(active)
      ? active
      : await pickTrainingFile(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', undefined));
  if (file === undefined || !(await saveFirst([file], reason))) return undefined;
  return file;
}

/** Offers to save what is unsaved in these files. `false`: it stays unsaved, and the work should not begin. */
export async function saveFirst(files: readonly (string | null)[], reason: string): Promise<boolean> {
  const dirty = vscode.workspace.textDocuments.filter(
    (document) => document.isDirty && files.includes(fileOf(document.uri) ?? null),
  );
  if (dirty.length === 0) return true;
  const names = dirty.map((document) => path.basename(document.uri.fsPath)).join(' and ');
  const choice = await vscode.window.showWarningMessage(
    `${names} ${dirty.length === 1 ? 'has' : 'have'} unsaved changes.`,
    { modal: true, detail: reason },
    'Save and Continue',
  );
  if (choice === undefined) return false;
  for (const document of dirty) if (!(await document.save())) return false;
  return true;
}

export function fileOf(uri: vscode.Uri | undefined): string | undefined {
  return uri?.scheme === 'file' ? uri.fsPath : undefined;
}

export function isJsonl(file: string): boolean {
  return /\.jsonl$/i.test(file);
}
