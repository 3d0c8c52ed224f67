/** Settings that are right each by itself and make no sense together. */
import { type SettingKey, type SettingProblem, SETTINGS, type Settings } from './settings';

export function settingConflicts(settings: Settings): SettingProblem[] {
  const { method, objective } = settings;
  const problems: SettingProblem[] = [];
  const refuse = (key: SettingKey, why: string): void => {
    problems.push({ key, message: `${key} ${JSON.stringify(settings[key])} ${why}` });
  };
  if (method === 'full')
    for (const key of ADAPTER_ONLY)
      if (settings[key] !== null && settings[key] !== false)
        refuse(key, 'needs an adapter, and with method "full" there is none: set method to "lora" or leave it out.');
  if (method !== 'qlora' && !settings.bnb_4bit_use_double_quant)
    refuse('bnb_4bit_use_double_quant', `is about a base in 4 bits, and method is "${method}": leave it out.`);
  if (method === 'full' && settings.precision !== 'float32')
    refuse('precision', 'is how frozen weights are kept, and method "full" trains them all in float32: leave it out.');
  if (objective !== 'dpo' && settings.beta !== SETTINGS.beta.default)
    refuse('beta', `belongs to objective "dpo", and objective is "${objective}": leave it out.`);
  if (settings.early_stopping_patience === null && settings.early_stopping_threshold > 0)
    refuse('early_stopping_threshold', 'does nothing without early_stopping_patience: set that too, or leave it out.');
  if (settings.eval_metrics.length === 0) {
    for (const key of WITH_EVAL_METRICS)
      if (settings[key] !== SETTINGS[key].default)
        refuse(key, 'does nothing without eval_metrics: set that too, or leave it out.');
  } else if (objective === 'dpo')
    refuse('eval_metrics', 'measure answers, and objective "dpo" is measured by its rewards: leave it out.');
  if (objective === 'dpo' && settings.label_smoothing_factor > 0)
    refuse(
      'label_smoothing_factor',
      'smooths the labels of supervised training, and objective is "dpo": leave it out.',
    );
  if (objective === 'dpo' && settings.packing)
    refuse('packing', 'puts records into one row, and with objective "dpo" a record is two rows: leave it out.');
  return problems;
}

const ADAPTER_ONLY = ['use_rslora', 'use_dora', 'loraplus_lr_ratio', 'adapter'] as const;
const WITH_EVAL_METRICS = ['eval_generate_samples', 'eval_generate_steps', 'eval_max_new_tokens'] as const;
