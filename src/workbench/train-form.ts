import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FolderEntry } from './discovery';
import { byLikelihood, findModels, proposeValidation, unique } from './discovery';

interface Choice<T> extends vscode.QuickPickItem {
  readonly take?: () => Promise<T | undefined>;
}

/** Asks which `.jsonl` file to train on: the active and the open editors first, then the workspace. `undefined`: given up. */
export async function pickTrainingFile(folder: string, active: string | undefined): Promise<string | undefined> {
  const choices = async (): Promise<Choice<string>[]> => {
    const open = openFiles().filter(isDataset);
    const found = await vscode.workspace.findFiles('**/*.jsonl', '**/{node_modules,.finetune,.git}/**', 500);
    const first = active !== undefined && isDataset(active) ? [active] : [];
    const files = unique([...first, ...open, ...byLikelihood(found.map((uri) => uri.fsPath))], (file) => file);
    return [
      ...files.map((file) => fileChoice(file, folder, open.includes(file) ? 'open' : undefined)),
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      { label: '$(folder-opened) Browse…', take: () => browse(folder, 'Train on This File', 'jsonl') },
    ];
  };
  return ask(choices(), 'Train: training data', 'The file to learn from, one JSON record a line');
}

/** Asks for the base model: what the workspace has, what was used before, or anything on the disk. */
export async function pickModel(
  folder: string,
  roots: readonly string[],
  recent: readonly string[],
): Promise<string | undefined> {
  const choices = async (): Promise<Choice<string>[]> => {
    const found = (await Promise.all(roots.map((root) => findModels(root, { list: listFolder })))).flat();
    const used = await existing(recent.filter((model) => !found.some((other) => other.path === model)));
    return [
      ...found.map((model) => fileChoice(model.path, folder, model.kind === 'gguf' ? 'GGUF' : 'Hugging Face folder')),
      ...(used.length > 0 ? [{ label: 'used before', kind: vscode.QuickPickItemKind.Separator }] : []),
      ...used.map((model) => fileChoice(model, folder, undefined)),
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      {
        label: '$(folder-opened) Browse for a folder…',
        description: 'config.json, safetensors, tokenizer.json',
        take: () => browse(folder, 'Train This Model', undefined),
      },
      { label: '$(file) Browse for a GGUF file…', take: () => browse(folder, 'Train This Model', 'gguf') },
    ];
  };
  return ask(choices(), 'Train: base model', 'The model to start from');
}

export interface ValidationChoice {
  readonly validation_file?: string;
  readonly validation_split?: number;
}

/** Asks what to validate on; a file beside the training file that is named so is proposed. */
export async function pickValidation(folder: string, trainFile: string): Promise<ValidationChoice | undefined> {
  const home = path.dirname(trainFile);
  const names = (await listFolder(home)).filter((entry) => !entry.folder).map((entry) => entry.name);
  const proposed = proposeValidation(path.basename(trainFile), names);
  const fromFile = (file: string | undefined): ValidationChoice | undefined =>
    file === undefined ? undefined : { validation_file: file };
  const choices: Choice<ValidationChoice>[] = [
    ...(proposed === undefined
      ? []
      : [
          {
            ...fileChoice(path.join(home, proposed), folder, 'beside the training data'),
            take: () => Promise.resolve({ validation_file: path.join(home, proposed) }),
          },
        ]),
    {
      label: '$(split-horizontal) Set 10 % of the training data apart',
      take: () => Promise.resolve({ validation_split: 0.1 }),
    },
    {
      label: '$(circle-slash) None',
      description: 'no validation loss, no best checkpoint',
      take: () => Promise.resolve({}),
    },
    {
      label: '$(folder-opened) Browse…',
      take: async () => fromFile(await browse(folder, 'Validate on This File', 'jsonl')),
    },
  ];
  return ask(
    Promise.resolve(choices),
    'Train: validation data',
    'Records the model never learns from, to see when to stop',
  );
}

export async function pickMethod(): Promise<'lora' | 'full' | undefined> {
  const choices: Choice<'lora' | 'full'>[] = [
    {
      label: 'LoRA',
      description: 'trains a small adapter; the base model stays as it is',
      take: () => Promise.resolve('lora'),
    },
    {
      label: 'All weights',
      description: 'trains the whole model; needs several times its size in memory',
      take: () => Promise.resolve('full'),
    },
  ];
  return ask(Promise.resolve(choices), 'Train: method', 'What is trained');
}

async function ask<T>(choices: Promise<Choice<T>[]>, title: string, placeHolder: string): Promise<T | undefined> {
  const choice = await vscode.window.showQuickPick(choices, { title, placeHolder, matchOnDescription: true });
  return choice?.take?.();
}

function fileChoice(file: string, folder: string, note: string | undefined): Choice<string> {
  const relative = path.relative(folder, path.dirname(file));
  const place = relative.startsWith('..') || path.isAbsolute(relative) ? path.dirname(file) : relative;
  const description = [place, note].filter((part) => part !== undefined && part !== '').join(' · ');
  return { label: path.basename(file), description, take: () => Promise.resolve(file) };
}

async function browse(
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

async function listFolder(folder: string): Promise<FolderEntry[]> {
  try {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, folder: entry.isDirectory() }));
  } catch {
    return [];
  }
}

async function existing(files: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    files.map((file) =>
      fs.access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return files.filter((_, i) => there[i]);
}

function openFiles(): string[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.flatMap(({ input }) =>
    input instanceof vscode.TabInputText && input.uri.scheme === 'file' ? [input.uri.fsPath] : [],
  );
}

/** The event logs of runs are `.jsonl` files too. */
function isDataset(file: string): boolean {
  return /\.jsonl$/i.test(file) && !/[\\/]\.finetune[\\/]/.test(file);
}
