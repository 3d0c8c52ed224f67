import * as path from 'node:path';
import { Failure } from '../common/failure';
import type { WrittenSettings } from '../training/config-file';
import { parseSettings, resolveDefaults, SETTINGS, SETTING_KEYS, type Settings } from '../training/settings';
import { countText, numberText } from './words';

function mapPaths(written: WrittenSettings, change: (value: string) => string): WrittenSettings {
  const changed: Record<string, unknown> = { ...written };
  for (const key of SETTING_KEYS) {
    const value = changed[key];
    if (SETTINGS[key].type === 'path' && typeof value === 'string' && value !== '') changed[key] = change(value);
  }
  return changed;
}

/** Checks settings before a run folder is made. Throws a `Failure` that names every problem. */
export function checkSettings(written: WrittenSettings): Settings {
  const parsed = parseSettings(written);
  if (parsed.ok) return parsed.settings;
  const message = parsed.problems.map((problem) => problem.message).join(' ');
  throw new Failure('settings', message, 'Correct it in finetune.json.', 2);
}

/**
 * Text of a `finetune.json` in `folder` that says what was chosen and names the usual settings with their values, so
 * that there is something to change. Paths inside the folder are written relative to it, with `/`.
 */
export function configText(settings: Settings, folder: string): string {
  const full = settings.method === 'full';
  const written: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const spec = SETTINGS[key];
    const value = settings[key];
    const usual = !('advanced' in spec) && !(full && LORA_KEYS.has(key));
    const changed = JSON.stringify(value) !== JSON.stringify(spec.default);
    if (value !== null && (usual || changed) && key !== 'output_dir') written[key] = value;
    if (key === 'learning_rate') written[key] = learningRate(settings);
  }
  if (settings.validation_file !== null) delete written['validation_split'];
  const relative = mapPaths(written, (value) => relativePath(folder, value));
  return `${JSON.stringify(relative, undefined, 2)}\n`;
}

/** Text of an existing `finetune.json` in `folder` with more settings in it; its own lines keep their order. */
export function completeConfig(text: string, added: WrittenSettings, folder: string): string {
  const own = JSON.parse(text) as WrittenSettings;
  const relative = mapPaths(added, (value) => relativePath(folder, value));
  const merged = Object.entries({ ...own, ...relative }).filter(([, value]) => value !== null);
  return `${JSON.stringify(Object.fromEntries(merged), undefined, 2)}\n`;
}

const LORA_KEYS: ReadonlySet<string> = new Set(['r', 'lora_alpha', 'lora_dropout', 'target_modules']);

function relativePath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  const outside = relative.startsWith('..') || path.isAbsolute(relative);
  return outside ? file : relative.split(path.sep).join('/');
}

function learningRate(settings: Settings): number {
  return settings.learning_rate ?? (settings.method === 'full' ? 2e-5 : 1e-4);
}

/** Numbers of records, where the files could be counted. */
export interface RecordCounts {
  readonly train: number;
  readonly validation: number | undefined;
}

/**
 * Everything that decides the run, as lines for the confirmation. The steps are an estimate by the number of lines:
 * records that have nothing to train, and packing, change it.
 */
export function confirmationText(settings: Settings, records: RecordCounts, folder: string): string {
  const held = settings.validation_file === null ? Math.round(records.train * settings.validation_split) : 0;
  const train = records.train - held;
  const rows = settings.batch_size * settings.gradient_accumulation_steps;
  const resolved = resolveDefaults(settings, {
    stepsPerEpoch: Math.max(1, Math.ceil(train / rows)),
    physicalCores: 1,
    name: '',
  });
  const shown = (file: string | null): string => (file === null ? '' : relativePath(folder, file));
  const counted = (count: number | undefined): string => (count === undefined ? '' : `, ${recordsText(count)}`);
  const validation =
    settings.validation_file !== null
      ? `${shown(settings.validation_file)}${counted(records.validation)}`
      : held > 0
        ? `${numberText(settings.validation_split * 100)} % of the training data, ${recordsText(held)}`
        : 'none: there will be no validation loss and no best checkpoint';
  const method =
    settings.method === 'full'
      ? 'all weights'
      : `LoRA, r ${settings.r}, alpha ${numberText(settings.lora_alpha)}, dropout ${numberText(settings.lora_dropout)}, on ${settings.target_modules.join(', ')}`;
  const length =
    settings.max_steps === null
      ? `Epochs: ${numberText(settings.epochs)}, about ${countText(resolved.max_steps)} ${resolved.max_steps === 1 ? 'step' : 'steps'}`
      : `Steps: ${countText(resolved.max_steps)}`;
  return [
    `Model: ${shown(settings.model)}`,
    `Training data: ${shown(settings.train_file)}${counted(train)}`,
    `Validation data: ${validation}`,
    `Method: ${method}`,
    length,
    `Batch: ${settings.batch_size} × ${settings.gradient_accumulation_steps} accumulated = ${rows} records a step`,
    `Learning rate: ${numberText(resolved.learning_rate)}, ${settings.lr_scheduler}, ${countText(resolved.warmup_steps)} steps of warm-up`,
    `Maximum length: ${countText(settings.max_length)} tokens`,
    `Saved every ${everyText(resolved.save_steps)}${held > 0 || settings.validation_file !== null ? `, evaluated every ${everyText(resolved.eval_steps)}` : ''}`,
    `Device: ${settings.device}`,
  ].join('\n');
}

function everyText(steps: number): string {
  return steps === 1 ? 'step' : `${countText(steps)} steps`;
}

function recordsText(count: number): string {
  return count === 1 ? '1 record' : `${countText(count)} records`;
}
