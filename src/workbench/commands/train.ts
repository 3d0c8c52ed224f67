import * as path from 'node:path';
import * as vscode from 'vscode';
import { readConfigFile, type WrittenSettings } from '../../training/config-file';
import type { RunEstimate } from '../../training/memory/estimate-run';
import type { Settings } from '../../training/settings';
import { countRecords } from '../count-records';
import { fileOf, isJsonl, saveFirst } from '../data-files';
import { formatOfFile } from '../file-format';
import { ensureModel } from '../get-model';
import { pickModel, rememberModel } from '../pick-model';
import { checkSettings, completeConfig, configText, confirmationText } from '../run-config';
import type { RecordCounts } from '../run-config';
import { estimateOf, memoryText } from '../run-estimate';
import { pickMethod, pickObjective, pickTrainingFile, pickValidation } from '../train-form';
import { chooseFolder, findConfig } from '../training-folder';
import { mayTrain } from '../trust';
import type { Workbench } from '../workbench';

const TRAINING_READS = 'Training reads the files from the disk.';

/**
 * From a data file or a `finetune.json` to a running trainer: reads the configuration, asks for what it does not say,
 * shows every number, and starts. `resource` is the file a menu was opened on; without it the active editor counts.
 */
export async function train(workbench: Workbench, resource?: vscode.Uri): Promise<void> {
  if (!(await mayTrain())) return;
  const active = fileOf(vscode.window.activeTextEditor?.document.uri);
  const target = fileOf(resource) ?? active;
  const folder = await chooseFolder(target);
  if (folder === undefined) return;

  const configFile = await findConfig(folder, target);
  if (configFile !== undefined && !(await saveFirst([configFile], TRAINING_READS))) return;
  const config = configFile === undefined ? undefined : readConfigFile(configFile);

  const picked = await pickMissing(workbench, folder, config, fileOf(resource), active);
  if (picked === undefined) return;
  const written = {
    output_dir: path.join(folder, '.finetune', 'runs'),
    ...config,
    ...picked,
  };
  const settings = checkSettings(written);
  if (settings.model !== null && !(await ensureModel(workbench, settings.model))) return;
  if (!(await saveFirst([settings.train_file, settings.validation_file], TRAINING_READS))) return;

  const records = await countBoth(settings);
  const cliPath = workbench.context.asAbsolutePath(path.join('dist', 'cli.js'));
  const estimate = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Estimating the memory of the run' },
    () => estimateOf(cliPath, folder, settings),
  );
  const answer = await confirm(settings, records, folder, estimate);
  if (answer === 'change') await openConfig(configFile, folder, settings, picked);
  if (answer !== 'start') return;
  if (settings.model !== null) await rememberModel(workbench.context, settings.model);
  await workbench.runs.start(written, settings);
}

/** The settings that had to be asked for, or that the chosen file decides. `undefined`: the user gave up. */
async function pickMissing(
  { context }: Workbench,
  folder: string,
  config: WrittenSettings | undefined,
  resource: string | undefined,
  active: string | undefined,
): Promise<WrittenSettings | undefined> {
  const picked: Record<string, unknown> = {};
  const chosenFile = resource !== undefined && isJsonl(resource) ? resource : undefined;
  let trainFile = chosenFile ?? text(config?.['train_file']);
  const ownData = trainFile !== undefined && trainFile === text(config?.['train_file']);
  trainFile ??= await pickTrainingFile(folder, active);
  if (trainFile === undefined) return undefined;
  if (!ownData) picked['train_file'] = trainFile;
  if (text(config?.['validation_file']) === trainFile) picked['validation_file'] = null;

  const format = text(config?.['format']);
  const known = format === undefined || format === 'auto' ? await formatOfFile(trainFile) : format;
  const objective = await pickObjective(trainFile, known, config?.['objective']);
  if (objective === undefined) return undefined;
  if (objective !== 'keep') picked['objective'] = objective;

  if (text(config?.['model']) === undefined) {
    const model = await pickModel(context, folder, 'Train: base model');
    if (model === undefined) return undefined;
    picked['model'] = model;
  }
  if (!ownData && config?.['validation_file'] === undefined && config?.['validation_split'] === undefined) {
    const validation = await pickValidation(folder, trainFile);
    if (validation === undefined) return undefined;
    Object.assign(picked, validation);
  }
  if (config === undefined) {
    const method = await pickMethod();
    if (method === undefined) return undefined;
    picked['method'] = method;
  }
  return picked;
}

async function confirm(
  settings: Settings,
  records: RecordCounts,
  folder: string,
  estimate: RunEstimate | undefined,
): Promise<'start' | 'change' | undefined> {
  const file = path.basename(settings.train_file ?? '');
  const model = path.basename(settings.model ?? '');
  const text = confirmationText(settings, records, folder, estimate?.targetModules);
  const choice = await vscode.window.showInformationMessage(
    `Train ${model} on ${file}?`,
    { modal: true, detail: estimate ? `${text}\n${memoryText(estimate, settings)}` : text },
    'Start',
    'Change Settings…',
  );
  return choice === 'Start' ? 'start' : choice === undefined ? undefined : 'change';
}

/** Opens `finetune.json` with what was chosen so far in it; an existing one only gains what it does not say. */
async function openConfig(
  configFile: string | undefined,
  folder: string,
  settings: Settings,
  picked: WrittenSettings,
): Promise<void> {
  const file = vscode.Uri.file(configFile ?? path.join(folder, 'finetune.json'));
  if (configFile === undefined)
    await vscode.workspace.fs.writeFile(file, Buffer.from(configText(settings, folder), 'utf8'));
  const document = await vscode.workspace.openTextDocument(file);
  if (configFile !== undefined && Object.keys(picked).length > 0) {
    const edit = new vscode.WorkspaceEdit();
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    edit.replace(file, whole, completeConfig(document.getText(), picked, path.dirname(configFile)));
    await vscode.workspace.applyEdit(edit);
  }
  await vscode.window.showTextDocument(document, { preview: false });
}

async function countBoth(settings: Settings): Promise<RecordCounts> {
  const [trained, validation] = await Promise.all([
    settings.train_file === null ? 0 : countRecords(settings.train_file),
    settings.validation_file === null ? undefined : countRecords(settings.validation_file),
  ]);
  return { train: trained, validation };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
