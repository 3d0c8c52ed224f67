import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FolderEntry } from './discovery';

/** An item that says what it stands for when it is chosen. */
export interface Choice<T> extends vscode.QuickPickItem {
  readonly take?: () => Promise<T | undefined>;
}

/** `undefined`: given up. */
export async function ask<T>(
  choices: Promise<Choice<T>[]>,
  title: string,
  placeHolder: string,
): Promise<T | undefined> {
  const choice = await vscode.window.showQuickPick(choices, { title, placeHolder, matchOnDescription: true });
  return choice?.take?.();
}

export function separator(label = ''): { readonly label: string; readonly kind: vscode.QuickPickItemKind.Separator } {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

export function fileChoice(file: string, folder: string, note: string | undefined): Choice<string> {
  const relative = path.relative(folder, path.dirname(file));
  const place = relative.startsWith('..') || path.isAbsolute(relative) ? path.dirname(file) : relative;
  const description = [place, note].filter((part) => part !== undefined && part !== '').join(' · ');
  return { label: path.basename(file), description, take: () => Promise.resolve(file) };
}

export async function browse(
  folder: string,
  openLabel: string,
  extension: 'jsonl' | 'gguf' | undefined,
): Promise<string | undefined> {
  const filters = extension && { [extension.toUpperCase()]: [extension] };
  const chosen = await vscode.window.showOpenDialog({
    defaultUri: vscode.Uri.file(folder),
    openLabel,
    canSelectFiles: extension !== undefined,
    canSelectFolders: extension === undefined,
    ...(filters ? { filters } : {}),
  });
  return chosen?.[0]?.fsPath;
}

/** Empty where it cannot be read. */
export async function listFolder(folder: string): Promise<FolderEntry[]> {
  try {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, folder: entry.isDirectory() }));
  } catch {
    return [];
  }
}
