import * as path from 'node:path';
import * as vscode from 'vscode';
import { trainingContexts } from './training-contexts';

/** Flags of the command line that choose the rules as the editor does. */
export function ruleFlags(file: vscode.Uri): string[] {
  const settings = vscode.workspace.getConfiguration('fine-tune', file);
  const rules = settings.get<unknown>('rules', {});
  const overrides = settings.get<unknown>('ruleOverrides', []);
  return ['--settings', JSON.stringify({ 'fine-tune.rules': rules, 'fine-tune.ruleOverrides': overrides })];
}

/** Folder that the globs of the rules are meant from. */
export function folderOf(file: vscode.Uri): string {
  return vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath ?? path.dirname(file.fsPath);
}

/**
 * Flags of the command line that count tokens as the `finetune.json` beside or above the file would train them. Without
 * one, or in a workspace that is not trusted, tokens are estimates.
 */
export async function tokenFlags(file: vscode.Uri): Promise<string[]> {
  const uri = file.toString();
  const above = (await trainingContexts()).filter(({ folder }) => uri.startsWith(`${folder}/`));
  const own = above.toSorted((a, b) => b.folder.length - a.folder.length)[0];
  if (!own) return [];
  const { model, template, maxLength, trainFile, validationFile } = own;
  return [
    ...(model === undefined ? [] : ['--model', model]),
    ...(template === undefined ? [] : ['--template', template]),
    ...(maxLength === undefined ? [] : ['--max-length', String(maxLength)]),
    ...(trainFile === uri && validationFile !== undefined
      ? ['--validation', vscode.Uri.parse(validationFile).fsPath]
      : []),
  ];
}
