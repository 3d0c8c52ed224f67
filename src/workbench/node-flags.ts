import * as vscode from 'vscode';

/** The Node that the user has set, for commands that say something about training. */
export function nodeFlags(): string[] {
  const setting = vscode.workspace.getConfiguration('fine-tune').get<string>('nodePath', '').trim();
  return setting === '' ? [] : ['--node', setting];
}
