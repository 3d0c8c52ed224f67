import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../common/failure';
import { fileOf } from './data-files';

/** The workspace folder of a file, the only one, or one that is chosen. `undefined`: given up. */
export async function chooseFolder(target: string | undefined): Promise<string | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
  const own = target === undefined ? undefined : vscode.workspace.getWorkspaceFolder(vscode.Uri.file(target));
  if (own) return own.uri.fsPath;
  if (folders.length === 0) {
    if (target !== undefined) return path.dirname(target);
    throw new Failure('no-folder', 'No folder is open to train in.', 'Open the folder that holds your data.', 2);
  }
  if (folders.length === 1) return folders[0]?.uri.fsPath;
  const chosen = await vscode.window.showWorkspaceFolderPick({ placeHolder: 'The folder to train in' });
  return fileOf(chosen?.uri);
}

/** The `finetune.json` the command was called on, or the one of the workspace folder. */
export async function findConfig(folder: string, target: string | undefined): Promise<string | undefined> {
  if (target !== undefined && path.basename(target) === 'finetune.json') return target;
  const file = path.join(folder, 'finetune.json');
  return fs.access(file).then(
    () => file,
    () => undefined,
  );
}
