import * as fs from 'node:fs';
import { totalmem } from 'node:os';
import * as vscode from 'vscode';
import { Failure } from '../common/failure';
import { fileSizeText } from '../common/file-size';
import { type CachedModel, listCached, sizeOnDisk } from '../hub/cache';
import { hubOf } from '../hub/environment';
import { isModelId, modelIdText, parseModelId } from '../hub/model-id';
import { RECOMMENDED_MODELS, type RecommendedModel, downloadBytes, roughTrainingBytes } from '../hub/recommended';
import { modelSupport } from '../training/model-support';
import { type Choice, ask, browse, fileChoice, listFolder, separator } from './choices';
import { fileOf } from './data-files';
import { findModels } from './discovery';

const RECENT_MODELS = 'fine-tune.recentModels';
const MOST_RECENT = 8;

/**
 * Asks for the base model: what the workspace has, what was used before, what is in Hugging Face's cache, what can be
 * fetched, or anything on the disk. An absolute path or an id, which may have to be fetched; `undefined`: given up.
 */
export async function pickModel(
  context: vscode.ExtensionContext,
  folder: string,
  title: string,
): Promise<string | undefined> {
  const choices = async (): Promise<Choice<string>[]> => {
    const roots = (vscode.workspace.workspaceFolders ?? []).map((each) => each.uri).flatMap((uri) => fileOf(uri) ?? []);
    const searched = (roots.length > 0 ? roots : [folder]).map((root) => findModels(root, { list: listFolder }));
    const found = (await Promise.all(searched)).flat();
    const cached = listCached(hubOf().cache);
    const cachedNames = cached.map(({ id }) => modelIdText(id));
    const used = recentModels(context).filter(
      (model) => !isModelId(model) && fs.existsSync(model) && !found.some(({ path }) => path === model),
    );
    const missing = RECOMMENDED_MODELS.filter(({ id }) => !cachedNames.includes(id));
    return [
      ...found.map(({ path, kind }) => fileChoice(path, folder, kind === 'gguf' ? 'GGUF' : 'Hugging Face folder')),
      ...section(
        'used before',
        used.map((model) => fileChoice(model, folder, undefined)),
      ),
      ...section('downloaded', lastUsedFirst(cached, recentModels(context)).map(cachedChoice)),
      separator(),
      {
        label: '$(cloud-download) Another model of the Hugging Face hub…',
        description: 'by its id: org/name',
        take: askForId,
      },
      {
        label: '$(folder-opened) Browse for a folder…',
        description: 'config.json, safetensors, tokenizer.json',
        take: () => browse(folder, 'Train This Model', undefined),
      },
      { label: '$(file) Browse for a GGUF file…', take: () => browse(folder, 'Train This Model', 'gguf') },
      // The longest part comes last: what is above stays in sight.
      ...section('to download', missing.map(recommendedChoice)),
    ];
  };
  return ask(choices(), title, 'The model to start from');
}

export async function rememberModel(context: vscode.ExtensionContext, model: string): Promise<void> {
  const others = recentModels(context).filter((other) => other !== model);
  await context.globalState.update(RECENT_MODELS, [model, ...others].slice(0, MOST_RECENT));
}

function recentModels(context: vscode.ExtensionContext): readonly string[] {
  return context.globalState.get<readonly string[]>(RECENT_MODELS, []);
}

function section(label: string, choices: Choice<string>[]): Choice<string>[] {
  return choices.length > 0 ? [separator(label), ...choices] : [];
}

function lastUsedFirst(models: readonly CachedModel[], recent: readonly string[]): CachedModel[] {
  const rank = ({ id }: CachedModel): number => {
    const at = recent.indexOf(modelIdText(id));
    return at < 0 ? recent.length : at;
  };
  return models.toSorted((a, b) => rank(a) - rank(b));
}

function cachedChoice(model: CachedModel): Choice<string> {
  const name = modelIdText(model.id);
  const size = fileSizeText(sizeOnDisk(model));
  const support = modelSupport(model.path);
  if ('family' in support)
    return { label: name, description: `${size} · ${support.family}`, take: () => Promise.resolve(name) };
  return {
    label: `$(circle-slash) ${name}`,
    description: `${size} · cannot be trained: ${support.problem}`,
    take: () =>
      Promise.reject(new Failure('unsupported-model', `${name} ${support.problem}`, 'Choose another model.', 2)),
  };
}

function recommendedChoice(model: RecommendedModel): Choice<string> {
  const needed = roughTrainingBytes(model);
  const parts = [
    `${fileSizeText(downloadBytes(model))} download`,
    `${model.licence} licence${model.gated ? ', to be accepted first' : ''}`,
    `about ${Math.round(needed / 1e9)} GB of memory to train${needed > totalmem() ? ', more than this machine has' : ''}`,
  ];
  return {
    label: model.id,
    description: model.note,
    detail: parts.join(' · '),
    take: () => Promise.resolve(model.id),
  };
}

async function askForId(): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: 'Model of the Hugging Face hub',
    prompt: 'org/name, org/name@revision, or for one GGUF file org/name:Q4_K_M',
    placeHolder: 'Qwen/Qwen2.5-0.5B-Instruct',
    ignoreFocusOut: true,
    validateInput: (value) => (isModelId(value.trim()) ? undefined : 'Write org/name, such as Qwen/Qwen3-0.6B.'),
  });
  const id = text === undefined ? undefined : parseModelId(text.trim());
  return id && modelIdText(id);
}
