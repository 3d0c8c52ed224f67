import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import type { RunSummary } from '../../training/run-folder';
import { ask, browse, listFolder, type Choice } from '../choices';
import { runModelCommand } from '../model-command';
import { pickTrainedRun } from '../pick-run';
import { CANCELLED } from '../run-cli';
import { mayUseModels } from '../trust';
import type { Workbench } from '../workbench';

type Kind = 'peft' | 'merged' | 'gguf' | 'gguf-lora' | 'ollama';

/** Writes the trained model of a run in a form that other programs read, and checks what was written. */
export async function exportModel(workbench: Workbench, folder?: unknown): Promise<void> {
  if (!(await mayUseModels('nothing is exported'))) return;
  const run = await pickTrainedRun(workbench, folder, 'Export Model');
  const kind = run && (await pickKind(run));
  if (!run || !kind) return;
  const type = await pickType(kind);
  if (type === undefined) return;
  const target = await pickTarget([run.name, kind, ...(type === '' ? [] : [type])].join('-'));
  if (!target) return;
  const args = ['export', run.path, '--to', kind, '-o', target.folder, '--json'];
  if (type !== '') args.push('--type', type);
  if (target.replace) args.push('--force');
  const result = await runModelCommand(workbench, `Exporting ${run.name}`, args).catch((error: unknown) => {
    if (error instanceof Failure && error.code === CANCELLED) return undefined;
    throw error;
  });
  if (result) await tell(run.name, target.folder, result);
}

function pickKind({ name, settings }: RunSummary): Promise<Kind | undefined> {
  const choice = (kind: Kind, label: string, description: string): Choice<Kind> => ({
    label,
    description,
    take: () => Promise.resolve(kind),
  });
  const choices = [
    choice('gguf', 'GGUF model', 'one file for llama.cpp, LM Studio and others'),
    choice('ollama', 'Ollama model', 'GGUF and a Modelfile with the trained template'),
    choice('merged', 'Merged safetensors', 'a whole model for transformers, vLLM and others'),
    // A run that trained all weights has no adapter.
    ...(settings?.['method'] === 'full'
      ? []
      : [
          choice('peft', 'PEFT adapter', 'small; needs its base model'),
          choice('gguf-lora', 'GGUF adapter', 'small; for llama.cpp with a GGUF of the base'),
        ]),
  ];
  return ask(Promise.resolve(choices), `Export ${name}`, 'What shall be written');
}

const TYPES: Readonly<Record<Kind, readonly (readonly [type: string, description: string])[]>> = {
  gguf: [
    ['Q8_0', 'half the size of F16, hardly any loss'],
    ['F16', 'two bytes a weight'],
    ['Q4_0', 'a quarter of F16; the answers change a little'],
    ['F32', 'four bytes a weight, nothing rounded'],
  ],
  ollama: [
    ['Q8_0', 'half the size of F16, hardly any loss'],
    ['F16', 'two bytes a weight'],
    ['Q4_0', 'a quarter of F16; the answers change a little'],
  ],
  merged: [
    ['', 'as in the base model'],
    ['bfloat16', 'two bytes a weight, as most models are published'],
    ['float16', 'two bytes a weight, for programs without bfloat16'],
    ['float32', 'four bytes a weight, nothing rounded'],
  ],
  peft: [],
  'gguf-lora': [],
};

/** Empty: there is nothing to choose. */
async function pickType(kind: Kind): Promise<string | undefined> {
  if (TYPES[kind].length === 0) return '';
  const choices = TYPES[kind].map(([type, description]): Choice<string> => ({
    label: type,
    description,
    take: () => Promise.resolve(type),
  }));
  return ask(Promise.resolve(choices), 'Export: type of the weights', 'How many bits a weight has');
}

/** A new folder in the one that the user chooses. */
async function pickTarget(name: string): Promise<{ readonly folder: string; readonly replace: boolean } | undefined> {
  const start = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const parent = await browse(start, 'Export Into This Folder', undefined);
  if (parent === undefined) return undefined;
  const folder = path.join(parent, name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-'));
  if ((await listFolder(folder)).length === 0) return { folder, replace: false };
  const detail = `${folder} holds files already.`;
  const answer = await vscode.window.showWarningMessage('Replace the export?', { modal: true, detail }, 'Replace');
  return answer === undefined ? undefined : { folder, replace: true };
}

async function tell(name: string, folder: string, result: Readonly<Record<string, unknown>>): Promise<void> {
  const { check, next } = result;
  const parts = [`${name} is exported into ${folder}.`, ...(typeof check === 'string' ? [check] : [])];
  const copy = typeof next === 'string' ? ['Copy Next Command'] : [];
  const choice = await vscode.window.showInformationMessage(parts.join(' '), 'Open Folder', ...copy);
  if (choice === 'Open Folder') await vscode.commands.executeCommand('fine-tune.openRunFolder', folder);
  if (choice === 'Copy Next Command') await vscode.env.clipboard.writeText(String(next));
}
