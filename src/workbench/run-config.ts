import * as path from 'node:path';
import { Failure } from '../common/failure';
import { isModelId } from '../hub/model-id';
import type { WrittenSettings } from '../training/config-file';
import {
  parseSettings,
  resolveDefaults,
  SETTINGS,
  SETTING_KEYS,
  usualNumbers,
  type ResolvedSettings,
  type SettingKey,
  type Settings,
} from '../training/settings';
import { countText, numberText } from './words';

/** With the paths inside `folder` relative to it; ids of the hub stay. */
function withRelativePaths(written: WrittenSettings, folder: string): WrittenSettings {
  const changed: Record<string, unknown> = { ...written };
  for (const key of SETTING_KEYS) {
    const value = changed[key];
    if (SETTINGS[key].type !== 'path' || typeof value !== 'string' || !path.isAbsolute(value)) continue;
    const relative = relativePath(folder, value);
    // A folder in a folder would look like an id where it is not there.
    changed[key] = key === 'model' && isModelId(relative) ? `./${relative}` : relative;
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
  const automatic: Readonly<Partial<Record<SettingKey, number>>> = usualNumbers(settings);
  const written: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const spec = SETTINGS[key];
    const value = settings[key] ?? automatic[key] ?? null;
    const idle = (full && LORA_KEYS.has(key)) || (key === 'beta' && settings.objective !== 'dpo');
    const usual = !('advanced' in spec) && !idle;
    const changed = JSON.stringify(settings[key]) !== JSON.stringify(spec.default);
    if (value !== null && (usual || changed) && key !== 'output_dir') written[key] = value;
  }
  if (settings.validation_file !== null) delete written['validation_split'];
  const relative = withRelativePaths(written, folder);
  return `${JSON.stringify(relative, undefined, 2)}\n`;
}

/** Text of an existing `finetune.json` in `folder` with more settings in it; its own lines keep their order. */
export function completeConfig(text: string, added: WrittenSettings, folder: string): string {
  const own = JSON.parse(text) as WrittenSettings;
  const relative = withRelativePaths(added, folder);
  const merged = Object.entries({ ...own, ...relative }).filter(([, value]) => value !== null);
  return `${JSON.stringify(Object.fromEntries(merged), undefined, 2)}\n`;
}

const LORA_KEYS: ReadonlySet<string> = new Set([
  'r',
  'lora_alpha',
  'lora_dropout',
  'use_rslora',
  'use_dora',
  'loraplus_lr_ratio',
  'adapter',
  'target_modules',
]);

function relativePath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  const outside = relative.startsWith('..') || path.isAbsolute(relative);
  return outside ? file : relative.split(path.sep).join('/');
}

/** Numbers of records, where the files could be counted. */
export interface RecordCounts {
  readonly train: number;
  readonly validation: number | undefined;
}

/**
 * Everything that decides the run, as lines for the confirmation. The steps are an estimate by the number of lines:
 * records that have nothing to train, and packing, change it. `usualTargets` are what target_modules stands for when it
 * is left out, where that is known.
 */
export function confirmationText(
  settings: Settings,
  records: RecordCounts,
  folder: string,
  usualTargets?: readonly string[],
): string {
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
        : 'none, so there is no validation loss and no best checkpoint';
  const length =
    settings.max_steps === null
      ? `Epochs: ${numberText(settings.epochs)}, about ${countText(resolved.max_steps)} ${resolved.max_steps === 1 ? 'step' : 'steps'}`
      : `Steps: ${countText(resolved.max_steps)}`;
  return [
    `Model: ${settings.model !== null && isModelId(settings.model) ? settings.model : shown(settings.model)}`,
    `Training data: ${shown(settings.train_file)}${counted(train)}`,
    `Validation data: ${validation}`,
    `Method: ${settings.method === 'full' ? 'all weights' : adapterText(resolved, settings.target_modules ?? usualTargets)}`,
    ...(settings.adapter === null ? [] : [`Goes on from the adapter: ${shown(settings.adapter)}`]),
    ...(settings.objective === 'dpo'
      ? [`Objective: DPO, beta ${numberText(settings.beta)}: prefers the chosen answers to the rejected ones`]
      : []),
    length,
    settings.auto_find_batch_size
      ? `Batch: the largest that fits into memory, ${rows} records a step`
      : `Batch: ${settings.batch_size} × ${settings.gradient_accumulation_steps} accumulated = ${rows} records a step`,
    `Learning rate: ${numberText(resolved.learning_rate)}, ${settings.lr_scheduler}, ${countText(resolved.warmup_steps)} steps of warm-up`,
    `Maximum length: ${countText(settings.max_length)} tokens`,
    `Saved every ${everyText(resolved.save_steps)}${held > 0 || settings.validation_file !== null ? `, evaluated every ${everyText(resolved.eval_steps)}` : ''}`,
    ...(resolved.eval_generate_steps === null
      ? []
      : [
          `Answers ${recordsText(settings.eval_generate_samples)} of the validation data every ${everyText(resolved.eval_generate_steps)}, for ${settings.eval_metrics.join(', ')}`,
        ]),
    ...(settings.early_stopping_patience === null
      ? []
      : [`Ends early after ${countText(settings.early_stopping_patience)} evaluations without improvement`]),
    `Device: ${settings.device === 'auto' ? 'the GPU where it works and is faster, or the processor' : settings.device}`,
  ].join('\n');
}

function adapterText(resolved: ResolvedSettings, targets: readonly string[] | undefined): string {
  const { method, r, lora_alpha: alpha, lora_dropout: dropout, use_dora: dora, use_rslora: stable } = resolved;
  const layers = targets?.join(', ') ?? 'the usual layers of the model';
  return `${method === 'qlora' ? 'Q' : ''}${dora ? 'DoRA' : 'LoRA'}, r ${r}${stable ? ', rank-stabilised' : ''}, alpha ${numberText(alpha)}, dropout ${numberText(dropout)}, on ${layers}`;
}

function everyText(steps: number): string {
  return steps === 1 ? 'step' : `${countText(steps)} steps`;
}

function recordsText(count: number): string {
  return count === 1 ? '1 record' : `${countText(count)} records`;
}
