import * as path from 'node:path';
import * as vscode from 'vscode';

const KEY = 'fine-tune.outputFolders';

/** Where runs of this workspace lie: `.finetune/runs` of each folder, and every other `output_dir` that was used. */
export function outputFolders(memory: vscode.Memento): readonly string[] {
  const usual = (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === 'file')
    .map((folder) => path.join(folder.uri.fsPath, '.finetune', 'runs'));
  return [...new Set([...usual, ...memory.get<readonly string[]>(KEY, [])])];
}

export function rememberOutputFolder(memory: vscode.Memento, folder: string): void {
  if (!outputFolders(memory).includes(folder))
    void memory.update(KEY, [...memory.get<readonly string[]>(KEY, []), folder]);
}
