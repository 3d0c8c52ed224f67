/**
 * The one table of settings. Parsing, `finetune.json`'s schema, command line flags, the VS Code settings, the form
 * and the documentation derive from it. Names and defaults are the field's (PEFT, TRL). It is long because a table that
 * is one definition cannot lie in two files.
 */

import { nearest } from '../common/nearest';
import { TEXT_METRICS } from '../evaluation/metrics/catalog';
import { FORCEABLE } from './preflight/codes';
import { settingConflicts } from './settings-conflicts';

interface Common {
  readonly help: string;
  /** Shown instead of a number where the default depends on the run; `resolveDefaults` names the number. */
  readonly automatic?: string;
  /** Rarely changed: shown under "Advanced". */
  readonly advanced?: true;
}
interface NumberSpec extends Common {
  readonly type: 'number' | 'integer';
  readonly default: number | null;
  readonly minimum: number;
  readonly maximum: number;
  /** The minimum itself is not allowed. */
  readonly exclusiveMinimum?: true;
}
interface TextSpec extends Common {
  readonly type: 'string';
  readonly default: string | null;
}
interface PathSpec extends Common {
  readonly type: 'path';
  readonly default: string | null;
}
interface ChoiceSpec extends Common {
  readonly type: 'choice';
  readonly default: string;
  readonly choices: readonly string[];
}
interface FlagSpec extends Common {
  readonly type: 'boolean';
  readonly default: boolean;
}
interface ListSpec extends Common {
  readonly type: 'list';
  readonly default: readonly string[] | null;
  /** What may be in it; anything where there is none. */
  readonly choices?: readonly string[];
  /** The list may have no element. */
  readonly optional?: true;
}
export type SettingSpec = NumberSpec | TextSpec | PathSpec | ChoiceSpec | FlagSpec | ListSpec;

const POSITIVE = { exclusiveMinimum: true, minimum: 0 } as const;
const MANY = 1_000_000_000;

export const SETTINGS = {
  model: {
    type: 'path',
    default: null,
    help: 'Base model: a Hugging Face folder (config.json, safetensors, tokenizer.json), a GGUF file, or an id of the hub: org/name, org/name@revision, org/name:file.gguf.',
  },
  train_file: { type: 'path', default: null, help: 'Training data, one JSON record a line.' },
  validation_file: { type: 'path', default: null, help: 'Validation data in the same format.' },
  validation_split: {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 0.5,
    help: 'Share of the training records that is set apart for validation when there is no validation file.',
  },
  format: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'instruction', 'chat', 'sharegpt', 'completion', 'text', 'preference', 'unpaired-preference'],
    help: 'Record format; auto looks at the keys of the first record.',
  },
  template: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'model', 'chatml', 'alpaca'],
    help: "Chat template; auto takes the model's own, or chatml where the model has none.",
  },
  max_length: {
    type: 'integer',
    default: 1024,
    minimum: 1,
    maximum: 1_048_576,
    help: 'Tokens of a record beyond this are cut off. The number of lost tokens is reported before the start.',
  },
  packing: {
    type: 'boolean',
    default: false,
    help: 'Puts several short records into one row; they do not see each other. Without it, records of like length share a batch.',
  },
  method: {
    type: 'choice',
    default: 'lora',
    choices: ['lora', 'qlora', 'full'],
    help: 'lora trains a small adapter, qlora the same over a base that is kept in 4 bits (NF4), full trains all weights.',
  },
  bnb_4bit_use_double_quant: {
    type: 'boolean',
    default: true,
    advanced: true,
    help: 'With qlora: the scales of the 4-bit numbers are quantised too, which saves another 0.37 bits a number.',
  },
  objective: {
    type: 'choice',
    default: 'supervised',
    choices: ['supervised', 'dpo'],
    help: 'supervised learns the answers; dpo learns to prefer the chosen answers of preference pairs to the rejected ones.',
  },
  beta: {
    type: 'number',
    default: 0.1,
    ...POSITIVE,
    maximum: 100,
    help: 'With dpo: how strongly the model is held to where it starts; a small beta lets it go further.',
  },
  r: { type: 'integer', default: 8, minimum: 1, maximum: 4096, help: 'Rank of the adapter.' },
  lora_alpha: {
    type: 'number',
    default: 16,
    ...POSITIVE,
    maximum: 65_536,
    help: 'The adapter is scaled by lora_alpha / r (with use_rslora by lora_alpha / √r).',
  },
  lora_dropout: {
    type: 'number',
    default: null,
    automatic: '0.1, and 0 with dpo',
    minimum: 0,
    maximum: 0.9,
    help: "Share of the adapter's inputs set to zero while training.",
  },
  use_rslora: {
    type: 'boolean',
    default: false,
    advanced: true,
    help: 'Rank-stabilised LoRA: keeps the size of the updates when r is large.',
  },
  use_dora: {
    type: 'boolean',
    default: false,
    advanced: true,
    help: 'DoRA: trains the length of every row of the weights apart from its direction. Better at low r; with lora_dropout above 0 a step takes nearly twice as long.',
  },
  loraplus_lr_ratio: {
    type: 'number',
    default: null,
    minimum: 1,
    maximum: 1000,
    advanced: true,
    automatic: 'off',
    help: 'LoRA+: the matrices B of the adapter learn at this many times learning_rate; 16 is usual.',
  },
  adapter: {
    type: 'path',
    default: null,
    advanced: true,
    help: 'Folder of a PEFT adapter, or of one that a run has made, to go on from; its r, lora_alpha and layers must be the same.',
  },
  target_modules: {
    type: 'list',
    default: null,
    automatic: 'the projections of attention that PEFT takes: q_proj and v_proj in most models',
    help: 'Linear layers that get an adapter, by the last part of their name; all-linear means every one but the head.',
  },
  epochs: {
    type: 'number',
    default: 3,
    ...POSITIVE,
    maximum: 10_000,
    help: 'Times the training data is seen.',
  },
  max_steps: {
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: MANY,
    automatic: 'epochs × steps per epoch',
    help: 'Ends the run after this many optimiser steps, whatever epochs says.',
  },
  batch_size: { type: 'integer', default: 4, minimum: 1, maximum: 4096, help: 'Rows per forward and backward pass.' },
  gradient_accumulation_steps: {
    type: 'integer',
    default: 4,
    minimum: 1,
    maximum: 4096,
    help: 'Passes whose gradients are added up before one optimiser step.',
  },
  auto_find_batch_size: {
    type: 'boolean',
    default: false,
    help: 'Takes the largest batch_size that fits into the free memory, with as many rows a step as batch_size × gradient_accumulation_steps say. On a GPU they stay as they are.',
  },
  learning_rate: {
    type: 'number',
    default: null,
    ...POSITIVE,
    maximum: 1,
    automatic: '1e-4 for adapters, 2e-5 for all weights; with dpo 5e-6 and 5e-7',
    help: 'Highest learning rate, reached after the warm-up.',
  },
  lr_scheduler: {
    type: 'choice',
    default: 'linear',
    choices: ['linear', 'cosine', 'constant'],
    help: 'How the learning rate falls after the warm-up; linear and cosine end at 0.',
  },
  warmup_steps: {
    type: 'integer',
    default: null,
    minimum: 0,
    maximum: MANY,
    automatic: 'the smaller of 100 and 10 % of the steps',
    help: 'Steps over which the learning rate rises from 0.',
  },
  weight_decay: {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 10,
    advanced: true,
    help: 'Decoupled weight decay of AdamW. Norms and biases are not decayed.',
  },
  adam_beta1: {
    type: 'number',
    default: 0.9,
    minimum: 0,
    maximum: 0.9999,
    advanced: true,
    help: 'Decay of the first moment of AdamW.',
  },
  adam_beta2: {
    type: 'number',
    default: 0.999,
    minimum: 0,
    maximum: 0.99999,
    advanced: true,
    help: 'Decay of the second moment of AdamW.',
  },
  adam_epsilon: {
    type: 'number',
    default: 1e-8,
    ...POSITIVE,
    maximum: 1,
    advanced: true,
    help: "Added to AdamW's denominator.",
  },
  max_grad_norm: {
    type: 'number',
    default: 1,
    ...POSITIVE,
    maximum: 1e9,
    help: 'Gradients with a larger global norm are scaled down to it.',
  },
  neftune_noise_alpha: {
    type: 'number',
    default: null,
    ...POSITIVE,
    maximum: 1000,
    advanced: true,
    automatic: 'off',
    help: 'NEFTune: adds noise of this strength to the embeddings while training; 5 is usual.',
  },
  label_smoothing_factor: {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 0.9,
    advanced: true,
    help: 'Share of the training target that is spread over all tokens. The validation loss is measured without it.',
  },
  eval_steps: {
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: MANY,
    automatic: 'the smaller of 500 and a tenth of the steps',
    help: 'Steps between two evaluations on the validation data; the last step is always evaluated.',
  },
  eval_metrics: {
    type: 'list',
    default: [],
    choices: TEXT_METRICS,
    optional: true,
    help: 'Metrics of answers that the model writes to some of the validation records while it trains, for example exact_match, f1, rougeL. Writing takes time; early stopping and the best weights go by the loss all the same.',
  },
  eval_generate_samples: {
    type: 'integer',
    default: 20,
    minimum: 1,
    maximum: 100_000,
    help: 'With eval_metrics: validation records that are answered, the same ones every time.',
  },
  eval_generate_steps: {
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: MANY,
    advanced: true,
    automatic: 'eval_steps',
    help: 'With eval_metrics: steps between two times that answers are written, rounded up to whole evaluations.',
  },
  eval_max_new_tokens: {
    type: 'integer',
    default: 128,
    minimum: 1,
    maximum: 100_000,
    advanced: true,
    help: 'With eval_metrics: an answer that is longer than this many tokens ends there.',
  },
  early_stopping_patience: {
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: MANY,
    automatic: 'off',
    help: 'Ends the run after this many evaluations without improvement; the best weights are kept. Needs validation data.',
  },
  early_stopping_threshold: {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: MANY,
    advanced: true,
    help: 'By how much the validation loss must fall below the best one to count as an improvement.',
  },
  save_steps: {
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: MANY,
    automatic: 'the smaller of 1000 and a tenth of the steps',
    help: 'Steps between two checkpoints.',
  },
  save_total_limit: {
    type: 'integer',
    default: 3,
    minimum: 1,
    maximum: 1000,
    help: 'Newest checkpoints that are kept; the best one is kept besides.',
  },
  logging_steps: {
    type: 'integer',
    default: 10,
    minimum: 1,
    maximum: 100_000,
    advanced: true,
    help: 'Steps between two lines on the terminal. The event stream has every step.',
  },
  seed: {
    type: 'integer',
    default: 42,
    minimum: 0,
    maximum: 2_147_483_647,
    help: 'Decides the split, the order of the records, the first adapter weights and the dropout.',
  },
  engine: {
    type: 'choice',
    default: 'onnxruntime',
    choices: ['onnxruntime', 'reference'],
    advanced: true,
    help: 'onnxruntime is the fast one; reference is slow and obvious, to check it.',
  },
  device: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'cpu', 'webgpu', 'cuda', 'dml'],
    help: 'Where the model runs; auto tries the GPU and takes it where it works and is faster than the processor.',
  },
  memory: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'fast', 'low'],
    help: 'fast keeps all that the backward pass needs, low makes it again layer by layer: about half of the memory, a third slower. auto takes low when fast would not fit.',
  },
  precision: {
    type: 'choice',
    default: 'float32',
    choices: ['float32', 'bfloat16', 'float16'],
    advanced: true,
    help: 'Type in which the frozen matrices of the base are kept; all is computed in float32. The types of 16 bits halve their memory, round them, and make no step faster on a processor.',
  },
  threads: {
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: 1024,
    automatic: 'all physical cores',
    advanced: true,
    help: 'Processor threads of one operation.',
  },
  name: {
    type: 'string',
    default: null,
    automatic: 'the name of the training file',
    help: 'Name of the run, part of its folder name.',
  },
  force: {
    type: 'list',
    default: [],
    choices: FORCEABLE,
    optional: true,
    advanced: true,
    help: 'Findings of the preflight that shall not keep the run from starting, by their codes.',
  },
  output_dir: { type: 'path', default: '.finetune/runs', help: 'Folder that holds the run folders.' },
} as const satisfies Readonly<Record<string, SettingSpec>>;

export type SettingKey = keyof typeof SETTINGS;
export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

type ValueOf<S extends SettingSpec> = S extends { readonly type: 'number' | 'integer' }
  ? number | (S['default'] extends null ? null : never)
  : S extends { readonly type: 'choice'; readonly choices: readonly (infer C)[] }
    ? C
    : S extends { readonly type: 'boolean' }
      ? boolean
      : S extends { readonly type: 'list' }
        ? readonly string[] | (S['default'] extends null ? null : never)
        : string | (S['default'] extends null ? null : never);

/** Checked settings. `null` means "automatic" or "not given". */
export type Settings = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };

export interface SettingProblem {
  readonly key: string;
  readonly message: string;
}
export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

/** Checks an object of settings (from `finetune.json` merged with flags). Reports every problem at once. */
export function parseSettings(input: Readonly<Record<string, unknown>>): ParsedSettings {
  const problems: SettingProblem[] = [];
  const settings: Record<string, unknown> = {};
  for (const key of Object.keys(input)) {
    if (key === '$schema' || key in SETTINGS) continue;
    const near = nearest(key, SETTING_KEYS);
    problems.push({ key, message: `Unknown setting "${key}".${near ? ` Did you mean "${near}"?` : ''}` });
  }
  for (const key of SETTING_KEYS) {
    const spec: SettingSpec = SETTINGS[key];
    const value = input[key];
    if (value === undefined || value === null) {
      settings[key] = spec.default;
      continue;
    }
    const problem = checkValue(key, spec, value);
    if (problem) problems.push({ key, message: problem });
    else settings[key] = value;
  }
  if (problems.length > 0) return { ok: false, problems };
  const checked = settings as unknown as Settings;
  const conflicts = settingConflicts(checked);
  return conflicts.length > 0 ? { ok: false, problems: conflicts } : { ok: true, settings: checked };
}

function checkValue(key: string, spec: SettingSpec, value: unknown): string | undefined {
  const shown = JSON.stringify(value);
  switch (spec.type) {
    case 'number':
    case 'integer': {
      if (typeof value !== 'number' || !Number.isFinite(value)) return `${key} must be a number, not ${shown}.`;
      if (spec.type === 'integer' && !Number.isInteger(value)) return `${key} must be a whole number, not ${shown}.`;
      const low = spec.exclusiveMinimum ? value <= spec.minimum : value < spec.minimum;
      if (low || value > spec.maximum)
        return `${key} must be ${spec.exclusiveMinimum ? 'above' : 'at least'} ${spec.minimum} and at most ${spec.maximum}, not ${shown}.`;
      return undefined;
    }
    case 'choice':
      return typeof value === 'string' && spec.choices.includes(value)
        ? undefined
        : `${key} must be one of ${spec.choices.join(', ')}, not ${shown}.`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${key} must be true or false, not ${shown}.`;
    case 'list': {
      const names: readonly unknown[] = Array.isArray(value) ? value : [undefined];
      if ((names.length === 0 && !spec.optional) || !names.every((v) => typeof v === 'string' && v !== ''))
        return `${key} must be a list of names, not ${shown}.`;
      const unknown = names.find((v) => spec.choices?.includes(String(v)) === false);
      if (unknown === undefined) return undefined;
      const near = nearest(String(unknown), spec.choices!);
      const meant = near ? ` Did you mean "${near}"?` : '';
      return `${key} may hold ${spec.choices!.join(', ')}, not ${JSON.stringify(unknown)}.${meant}`;
    }
    case 'string':
    case 'path':
      return typeof value === 'string' && value !== '' ? undefined : `${key} must be a text, not ${shown}.`;
    default:
      return spec satisfies never;
  }
}

/** Turns the text of a flag (`--set key=value`) into the type of its setting; leaves wrong text for `parseSettings` to report. */
export function settingFromText(key: string, text: string): unknown {
  const spec: SettingSpec | undefined = key in SETTINGS ? SETTINGS[key as SettingKey] : undefined;
  switch (spec?.type) {
    case 'number':
    case 'integer':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    default:
      return text;
  }
}

/** Settings with every automatic number filled in: what `run.json` records and what the user is shown. */
export interface ResolvedSettings extends Settings {
  readonly max_steps: number;
  readonly lora_dropout: number;
  readonly learning_rate: number;
  readonly target_modules: readonly string[];
  readonly warmup_steps: number;
  readonly eval_steps: number;
  readonly save_steps: number;
  readonly threads: number;
  readonly name: string;
}

export function resolveDefaults(
  settings: Settings,
  run: {
    readonly stepsPerEpoch: number;
    readonly physicalCores: number;
    readonly name: string;
    /** What target_modules stands for in the base model, where that is known. */
    readonly targetModules?: readonly string[];
  },
): ResolvedSettings {
  const usual = usualNumbers(settings);
  const max_steps = settings.max_steps ?? Math.max(1, Math.ceil(settings.epochs * run.stepsPerEpoch));
  const eval_steps = settings.eval_steps ?? Math.min(500, Math.max(1, Math.ceil(max_steps / 10)));
  return {
    ...settings,
    max_steps,
    lora_dropout: settings.lora_dropout ?? usual.lora_dropout,
    learning_rate: settings.learning_rate ?? usual.learning_rate,
    target_modules: settings.target_modules ?? run.targetModules ?? ['q_proj', 'v_proj'],
    warmup_steps: settings.warmup_steps ?? Math.min(100, Math.floor(max_steps / 10)),
    eval_steps,
    eval_generate_steps:
      settings.eval_metrics.length === 0
        ? null
        : Math.ceil((settings.eval_generate_steps ?? eval_steps) / eval_steps) * eval_steps,
    save_steps: settings.save_steps ?? Math.min(1000, Math.max(1, Math.ceil(max_steps / 10))),
    threads: settings.threads ?? run.physicalCores,
    name: settings.name ?? run.name,
  };
}

/**
 * Automatic numbers that hang on method and objective alone. The rates of DPO are those of trl/scripts/dpo.py, with an
 * adapter and without. TRL disables dropout there: the answers of a pair would be weighed by two different models.
 */
export function usualNumbers({ method, objective }: Pick<Settings, 'method' | 'objective'>): {
  readonly learning_rate: number;
  readonly lora_dropout: number;
} {
  const full = method === 'full';
  return objective === 'dpo'
    ? { learning_rate: full ? 5e-7 : 5e-6, lora_dropout: 0 }
    : { learning_rate: full ? 2e-5 : 1e-4, lora_dropout: 0.1 };
}
