/** The models of a question: a base, and what was tuned from it. Evaluation, export and chat all begin here. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../common/failure';
import { type Adapter, readAdapter } from '../export/read-adapter';
import { startFromAdapter } from '../training/adapter-start';
import { type CheckedBase, checkBase } from '../training/base';
import { linearModules } from '../training/models/tensors';
import { type RunFile, type RunFolder, openRunFolder } from '../training/run-folder';
import { type Settings, parseSettings } from '../training/settings';
import { type BaseModel, openBaseModel, sharedName } from '../training/weights/base-model';
import { checkpointAdapter, checkpointModel } from './checkpoint-subject';

/** A model as it answers: its weights, an adapter over them, the template it was trained with. */
export interface Subject {
  readonly model: BaseModel;
  readonly checked: CheckedBase;
  /** Its parameters are in the order of the model's layers. */
  readonly adapter: Adapter | undefined;
  /** The matrices of the linear layers are rounded to NF4, as QLoRA trained over them. */
  readonly nf4: { readonly doubleQuant: boolean } | undefined;
}

export interface Subjects {
  readonly name: string;
  readonly base: Subject;
  /** Missing where a model was named that nothing says was tuned. */
  readonly tuned: Subject | undefined;
  readonly run: TunedRun | undefined;
}

/** The run that made the tuned model. */
export interface TunedRun {
  /** Absolute path of its folder. */
  readonly path: string;
  readonly file: RunFile;
  /** The settings that it was asked for, checked; `model` and `train_file` are there. */
  readonly settings: Settings;
}

export interface SubjectOptions {
  /** Base of an adapter folder that names none, or one that has moved. */
  readonly model?: string | undefined;
  /** Instead of the template of the run. */
  readonly template?: Settings['template'] | undefined;
  /** Of a run: what it had learned by this step, instead of its result. */
  readonly checkpoint?: number | undefined;
}

/**
 * Opens a run folder, an adapter folder (ours or PEFT's), a model folder, a GGUF file or a model of the hub. Headers and
 * the adapter are read, no weights.
 * @throws Failure (exit code 2) that says what is wrong: `run-has-no-result`, `base-changed`, `adapter-mismatch`, and
 * what opening a model throws
 */
export function openSubjects(path: string, options: SubjectOptions = {}): Subjects {
  // The result of a run, named by its own folder, is that run.
  const folders = RESULT_FOLDERS.includes(basename(path)) ? [path, dirname(path)] : [path];
  const run = folders.find((folder) => existsSync(join(folder, 'run.json')));
  if (run !== undefined) return subjectsOfRun(run, options);
  if (existsSync(join(path, 'adapter_config.json'))) return subjectsOfAdapter(path, options);
  const template = options.template ?? 'auto';
  return { name: basename(path), base: subject(path, template), tuned: undefined, run: undefined };
}

/** Of a run, in its folder. */
const RESULT_FOLDERS: readonly string[] = ['adapter', 'model'];

function subjectsOfRun(path: string, { model, template, checkpoint }: SubjectOptions): Subjects {
  const { path: folder, adapter: adapterFolder, checkpoints, run: file } = openRunFolder(path);
  const parsed = parseSettings(file.settings ?? file.requested);
  if (!parsed.ok || parsed.settings.model === null)
    throw new Failure('bad-settings', `${folder}: run.json does not say how the run was made.`, 'Name another run.', 2);
  const { settings } = parsed;
  const chosen = template ?? settings.template;
  const nf4 = settings.method === 'qlora' ? { doubleQuant: settings.bnb_4bit_use_double_quant } : undefined;
  const base = { ...subject(model ?? parsed.settings.model, chosen), nf4 };
  requireSameBase(folder, base.model, file);
  const run = { path: folder, file, settings };
  if (checkpoint !== undefined) {
    const tuned = atCheckpoint(base, { path: folder, checkpoints }, checkpoint, settings);
    return { name: `${file.name}-step-${checkpoint}`, base, tuned, run };
  }
  const result = settings.method === 'full' ? join(folder, 'model') : adapterFolder;
  if (!existsSync(result))
    throw new Failure(
      'run-has-no-result',
      `The run ${file.name} has no trained model yet: ${result} does not exist.`,
      'Wait until the run is completed or stopped, or continue it with "fine-tune resume".',
      2,
    );
  const tuned = settings.method === 'full' ? subject(result, chosen) : withAdapter(base, readAdapter(result));
  return { name: file.name, base, tuned, run };
}

function atCheckpoint(
  base: Subject,
  folder: Pick<RunFolder, 'path' | 'checkpoints'>,
  step: number,
  settings: Settings,
): Subject {
  const { model, checked } = base;
  if (settings.method === 'full') return { ...base, model: checkpointModel(folder, step, model) };
  const named = { config: checked.config, name: sharedName(model) };
  return withAdapter(base, checkpointAdapter(folder, step, settings, named));
}

function subjectsOfAdapter(folder: string, { model, template = 'auto' }: SubjectOptions): Subjects {
  const adapter = readAdapter(folder);
  if (model === undefined && adapter.baseName === '')
    throw new Failure('adapter-base', `${folder} does not name its base model.`, 'Name the base with --model.', 2);
  const base = subject(model ?? adapter.baseName, template);
  return { name: basename(folder), base, tuned: withAdapter(base, adapter), run: undefined };
}

function subject(path: string, template: Settings['template']): Subject {
  const model = openBaseModel(path);
  const checked = checkBase(model, { template, method: 'full', target_modules: [], max_length: 1 });
  return { model, checked, adapter: undefined, nf4: undefined };
}

function withAdapter(base: Subject, adapter: Adapter): Subject {
  const { r, alpha, targetModules, rslora = false, dora = false } = adapter.lora;
  const shape = { r, lora_alpha: alpha, target_modules: targetModules, use_rslora: rslora, use_dora: dora };
  const parameters = startFromAdapter(adapter, linearModules(base.checked.config), shape);
  return { ...base, adapter: { ...adapter, parameters } };
}

/** An adapter over another base of the same shape computes nonsense without a word. */
function requireSameBase(folder: string, { path, hash }: BaseModel, { hashes }: RunFile): void {
  if (hashes?.['model'] === undefined || hashes['model'] === hash()) return;
  throw new Failure(
    'base-changed',
    `${path} is not the base model that ${folder} was trained on: its weights are others.`,
    'Name the base that it was trained on with --model.',
    2,
  );
}
