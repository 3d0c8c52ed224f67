import * as path from 'node:path';
import * as vscode from 'vscode';
import { type Choice, ask, browse, fileChoice, listFolder, separator } from './choices';
import { byLikelihood, proposeValidation, unique } from './discovery';

/** Asks which `.jsonl` file to train on: the active and the open editors first, then the workspace. `undefined`: given up. */
export async function pickTrainingFile(folder: string, active: string | undefined): Promise<string | undefined> {
  const choices = async (): Promise<Choice<string>[]> => {
    const open = openFiles().filter(isDataset);
    const found = await vscode.workspace.findFiles('**/*.jsonl', '**/{node_modules,.finetune,.git}/**', 500);
    const first = active !== undefined && isDataset(active) ? [active] : [];
    const files = unique([...first, ...open, ...byLikelihood(found.map((uri) => uri.fsPath))], (file) => file);
    return [
      ...files.map((file) => fileChoice(file, folder, open.includes(file) ? 'open' : undefined)),
      separator(),
      { label: '$(folder-opened) Browse…', take: () => browse(folder, 'Train on This File', 'jsonl') },
    ];
  };
  return ask(choices(), 'Train: training data', 'The file to learn from, one JSON record a line');
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

export async function pickMethod(): Promise<'lora' | 'qlora' | 'full' | undefined> {
  const choices: Choice<'lora' | 'qlora' | 'full'>[] = [
    {
      label: 'LoRA',
      description: 'trains a small adapter; the base model stays as it is',
      take: () => Promise.resolve('lora'),
    },
    {
      label: 'QLoRA',
      description: 'the same, with the base model in 4 bits: less memory, somewhat slower',
      take: () => Promise.resolve('qlora'),
    },
    {
      label: 'All weights',
      description: 'trains the whole model; needs several times its size in memory',
      take: () => Promise.resolve('full'),
    },
  ];
  return ask(Promise.resolve(choices), 'Train: method', 'What is trained');
}

/**
 * Asks what to learn where the records do not fit what the settings say. `keep`: they do; `undefined`: the user gave up,
 * or converts the file first.
 */
export async function pickObjective(
  file: string,
  format: string | undefined,
  objective: unknown,
): Promise<'supervised' | 'dpo' | 'keep' | undefined> {
  const wanted = format === 'preference' ? 'dpo' : 'supervised';
  if (format === undefined || (objective ?? 'supervised') === wanted) return 'keep';
  const convert = async (): Promise<undefined> => {
    await vscode.commands.executeCommand('fine-tune.convertDataset', vscode.Uri.file(file));
    return undefined;
  };
  const choices: Choice<'supervised' | 'dpo'>[] =
    wanted === 'dpo'
      ? [
          {
            label: 'Learn the preference (DPO)',
            description: 'raises the chosen answers over the rejected ones',
            take: () => Promise.resolve('dpo'),
          },
          { label: 'Convert the file…', description: 'to learn the chosen answers alone', take: convert },
        ]
      : [
          {
            label: 'Learn the answers',
            description: 'objective supervised, instead of dpo',
            take: () => Promise.resolve('supervised'),
          },
        ];
  const what = wanted === 'dpo' ? 'holds preference pairs' : 'holds no preference pairs';
  return ask(Promise.resolve(choices), 'Train: objective', `${path.basename(file)} ${what}`);
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
