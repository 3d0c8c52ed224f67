import * as path from 'node:path';
import * as vscode from 'vscode';
import { readConfigFile } from '../../training/config-file';
import { fileOf, saveFirst } from '../data-files';
import { ensureModel } from '../get-model';
import { pickModel, rememberModel } from '../pick-model';
import { completeConfig } from '../run-config';
import { chooseFolder, findConfig } from '../training-folder';
import { mayTrain } from '../trust';
import type { Workbench } from '../workbench';

/** Asks for the base model, fetches it where it is not there yet, and writes it into `finetune.json`. */
export async function chooseModel(workbench: Workbench, resource?: unknown): Promise<void> {
  if (!(await mayTrain())) return;
  const target =
    fileOf(resource instanceof vscode.Uri ? resource : undefined) ??
    fileOf(vscode.window.activeTextEditor?.document.uri);
  const folder = await chooseFolder(target);
  if (folder === undefined) return;
  const configFile = await findConfig(folder, target);
  if (configFile !== undefined) {
    if (!(await saveFirst([configFile], 'The choice is written into finetune.json.'))) return;
    // What is wrong with it is said before anything is fetched.
    readConfigFile(configFile);
  }
  const model = await pickModel(workbench.context, folder, 'Choose base model');
  if (model === undefined || !(await ensureModel(workbench, model))) return;
  await rememberModel(workbench.context, model);
  const file = vscode.Uri.file(configFile ?? path.join(folder, 'finetune.json'));
  const written = configFile === undefined ? '{}' : Buffer.from(await vscode.workspace.fs.readFile(file)).toString();
  const text = completeConfig(written, { model }, path.dirname(file.fsPath));
  await vscode.workspace.fs.writeFile(file, Buffer.from(text));
  const choice = await vscode.window.showInformationMessage(
    `The base model is ${path.basename(model)}. It is written in finetune.json.`,
    'Train',
    'Open finetune.json',
  );
  if (choice === 'Train') await vscode.commands.executeCommand('fine-tune.train', file);
  if (choice === 'Open finetune.json') await vscode.window.showTextDocument(file);
}
