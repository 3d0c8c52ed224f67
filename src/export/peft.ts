/** The trained adapter as Hugging Face PEFT saves it, with tokenizer, chat template and a model card. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoraConfig, moduleOf } from '../training/adapters/lora';
import type { Parameter } from '../training/optimizer';
import { loraOf } from '../training/parameters';
import { type BaseModel, sharedName } from '../training/weights/base-model';
import { writeFailure } from '../training/weights/files';
import { writeSafetensors } from '../training/weights/safetensors';
import { tokenizerFiles } from './carried-files';
import { type TrainingFacts, modelCard } from './model-card';

export interface AdapterFacts extends TrainingFacts {
  /** Jinja source of the template that was trained with; missing: the base's own, as its files have it. */
  readonly template?: string;
}

/** The adapter of a run. */
export function writeAdapter(folder: string, parameters: readonly Parameter[], facts: AdapterFacts): void {
  const { base, settings, template } = facts;
  writeAdapterFolder(folder, { base, parameters, lora: loraOf(settings), template, card: modelCard(facts) });
}

export interface AdapterFolder {
  readonly base: BaseModel;
  readonly parameters: readonly Parameter[];
  readonly lora: LoraConfig;
  readonly template: string | undefined;
  /** Content of the README.md. */
  readonly card: string;
}

/** @throws Failure `disk-full` or `write-failed` */
export function writeAdapterFolder(folder: string, { base, parameters, lora, template, card }: AdapterFolder): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, content } of tokenizerFiles(base, template)) writeFileSync(join(folder, name), content);
    writeFileSync(
      join(folder, 'adapter_config.json'),
      `${JSON.stringify(adapterConfig(parameters, base, lora), null, 2)}\n`,
    );
    writeFileSync(join(folder, 'README.md'), card);
  } catch (error) {
    throw writeFailure(error, folder, 0);
  }
  writeSafetensors(
    join(folder, 'adapter_model.safetensors'),
    parameters.map(({ name, shape, data }) => ({ name, shape, data, dtype: 'F32' })),
    { format: 'pt' },
  );
}

/** The fields of PEFT's `LoraConfig` that are not at their defaults; PEFT fills in the others. */
function adapterConfig(parameters: readonly Parameter[], base: BaseModel, lora: LoraConfig): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: sharedName(base),
    ...(base.hub && { revision: base.hub.revision }),
    r: lora.r,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    target_modules: targetModules(parameters, lora),
    bias: 'none',
    // Hugging Face's GPT-2 stores the weights under the adapter [in, out].
    fan_in_fan_out: base.config['model_type'] === 'gpt2',
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: lora.rslora ?? false,
    use_dora: lora.dora ?? false,
  };
}

/** The layers by name, also for all-linear: what was trained does not depend on what PEFT takes the word to mean. */
function targetModules(parameters: readonly Parameter[], { targetModules: targets }: LoraConfig): string[] {
  const named = targets.includes('all-linear')
    ? parameters.map(({ name }) => moduleOf(name).split('.').at(-1)!)
    : targets;
  return [...new Set(named)].sort();
}
