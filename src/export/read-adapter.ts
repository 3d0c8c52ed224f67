/** Reads an adapter folder written by us or by PEFT. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../common/failure';
import type { LoraConfig } from '../training/adapters/lora';
import type { Parameter } from '../training/optimizer';
import { readJsonObject } from '../training/weights/json-file';
import { readSafetensorsHeader } from '../training/weights/safetensors';
import { readFloats } from '../training/weights/tensor-info';

export interface Adapter {
  readonly folder: string;
  readonly lora: LoraConfig;
  readonly parameters: readonly Parameter[];
  /** The base that it says it was trained on: a path or a name on the Hugging Face hub. */
  readonly baseName: string;
}

/**
 * The adapter in a folder; its dropout is 0, since that is of the run and not of the result.
 * @throws Failure (exit code 2) `adapter-unreadable`, or `adapter-unsupported` where it computes what we do not
 */
export function readAdapter(folder: string): Adapter {
  const description = join(folder, 'adapter_config.json');
  if (!existsSync(description))
    throw new Failure('adapter-unreadable', `${folder} has no adapter_config.json.`, NAME_A_FOLDER, 2);
  const config = readJsonObject(description);
  const { r, lora_alpha: alpha, target_modules: targets, peft_type: type } = config;
  if (type !== 'LORA' || typeof r !== 'number' || typeof alpha !== 'number' || !Array.isArray(targets))
    throw new Failure(
      'adapter-unreadable',
      `${folder}: adapter_config.json does not describe a LoRA adapter with listed target_modules.`,
      NAME_A_FOLDER,
      2,
    );
  requireSupported(folder, config);
  const { tensors } = readSafetensorsHeader(weightsFile(folder));
  const parameters = [...tensors.values()].map((info) => ({
    name: info.name,
    shape: info.shape,
    data: readFloats(info),
  }));
  const { use_rslora: rslora, use_dora: dora, base_model_name_or_path: baseName } = config;
  return {
    folder,
    lora: {
      r,
      alpha,
      dropout: 0,
      targetModules: targets.map(String),
      rslora: rslora === true,
      dora: dora === true,
    },
    parameters,
    baseName: typeof baseName === 'string' ? baseName : '',
  };
}

const NAME_A_FOLDER = 'Name the folder that PEFT saved, or the folder "adapter" of a run.';

/** What changes the numbers of an adapter when it is anything but null, false or empty. */
const UNSUPPORTED = [
  'rank_pattern',
  'alpha_pattern',
  'modules_to_save',
  'layer_replication',
  'trainable_token_indices',
  'target_parameters',
  'alora_invocation_tokens',
  'arrow_config',
  'kasa_config',
  'velora_config',
  'monteclora_config',
  'lora_bias',
  'use_qalora',
  'use_bdlora',
] as const;

function requireSupported(folder: string, config: Readonly<Record<string, unknown>>): void {
  const isUsed = (value: unknown): boolean =>
    typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  const used: string[] = UNSUPPORTED.filter((key) => isUsed(config[key]));
  if (config['bias'] !== undefined && config['bias'] !== 'none') used.push('bias');
  if (used.length === 0) return;
  throw new Failure(
    'adapter-unsupported',
    `${folder}: the adapter was made with ${used.join(', ')}, which Fine-tune does not have.`,
    'Use an adapter of plain LoRA, rsLoRA or DoRA.',
    2,
  );
}

function weightsFile(folder: string): string {
  const file = join(folder, 'adapter_model.safetensors');
  if (existsSync(file)) return file;
  const pickled = existsSync(join(folder, 'adapter_model.bin'));
  throw new Failure(
    'adapter-unreadable',
    `${folder}: there is no ${basename(file)}${pickled ? ', only adapter_model.bin, which is a program (pickle) and is never run' : ''}.`,
    pickled ? 'Save the adapter again with PEFT and safe_serialization=True.' : NAME_A_FOLDER,
    2,
  );
}
