/** The trained adapter as Hugging Face PEFT saves it, with tokenizer, chat template and a model card. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../common/failure';
import type { LoraConfig } from '../training/adapters/lora';
import type { Parameter } from '../training/optimizer';
import type { ResolvedSettings } from '../training/settings';
import type { BaseModel } from '../training/weights/base-model';
import { writeFailure } from '../training/weights/files';
import { readJsonObject } from '../training/weights/json-file';
import { readSafetensorsHeader, writeSafetensors } from '../training/weights/safetensors';
import { readFloats } from '../training/weights/tensor-info';

export interface AdapterFacts {
  readonly base: BaseModel;
  readonly settings: ResolvedSettings;
  readonly hashes: Readonly<Record<string, string>>;
  readonly trainExamples: number;
  readonly step: number;
  readonly loss: number | null;
  readonly validationLoss: number | null;
}

export function writeAdapter(folder: string, parameters: readonly Parameter[], facts: AdapterFacts): void {
  const { base, settings } = facts;
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, content } of base.filesToCopy) writeFileSync(join(folder, name), content);
    writeFileSync(
      join(folder, 'adapter_config.json'),
      `${JSON.stringify(adapterConfig(parameters, base, settings), null, 2)}\n`,
    );
    writeFileSync(join(folder, 'README.md'), modelCard(facts));
  } catch (error) {
    throw writeFailure(error, folder, 0);
  }
  writeSafetensors(
    join(folder, 'adapter_model.safetensors'),
    parameters.map(({ name, shape, data }) => ({ name, shape, data, dtype: 'F32' })),
    { format: 'pt' },
  );
}

/** An adapter folder written by us or by PEFT (plain LoRA). Throws a Failure (exit code 2) when it is none. */
export function readAdapter(folder: string): { readonly lora: LoraConfig; readonly parameters: readonly Parameter[] } {
  const config = readJsonObject(join(folder, 'adapter_config.json'));
  const { r, lora_alpha: alpha, target_modules: targets, peft_type: type } = config;
  if (type !== 'LORA' || typeof r !== 'number' || typeof alpha !== 'number' || !Array.isArray(targets))
    throw new Failure(
      'adapter-unreadable',
      `${folder}: adapter_config.json does not describe a LoRA adapter with listed target_modules.`,
      'Name the "adapter" folder of a run.',
      2,
    );
  const { tensors } = readSafetensorsHeader(join(folder, 'adapter_model.safetensors'));
  const parameters = [...tensors.values()].map((info) => ({
    name: info.name,
    shape: info.shape,
    data: readFloats(info),
  }));
  return { lora: { r, alpha, dropout: 0, targetModules: targets.map(String) }, parameters };
}

/** The fields of PEFT's `LoraConfig` that are not at their defaults; PEFT fills in the others. */
function adapterConfig(
  parameters: readonly Parameter[],
  base: BaseModel,
  settings: ResolvedSettings,
): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base.path,
    r: settings.r,
    lora_alpha: settings.lora_alpha,
    lora_dropout: settings.lora_dropout,
    // The layers by name, also for all-linear: what was trained does not depend on what PEFT takes the word to mean.
    target_modules: [...new Set(parameters.map(({ name }) => name.split('.').at(-3)!))].sort(),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
  };
}

export function modelCard(facts: AdapterFacts): string {
  const { base, settings, hashes } = facts;
  const full = settings.method === 'full';
  const number = (value: number | null): string => (value === null ? 'not measured' : value.toFixed(4));
  const shown = Object.entries(settings).filter(
    ([key]) => !['model', 'train_file', 'validation_file', 'output_dir', 'name'].includes(key),
  );
  return `---
library_name: ${full ? 'transformers' : 'peft'}
base_model: ${JSON.stringify(base.path)}
tags:
  - fine-tune
  - ${settings.method}
---

# ${settings.name}

${full ? 'All weights' : 'A LoRA adapter'} of \`${basename(base.path)}\`, trained with Fine-tune on ${facts.trainExamples} records of \`${basename(settings.train_file ?? '')}\`.

| | |
| --- | --- |
| step | ${facts.step} |
| training loss | ${number(facts.loss)} |
| validation loss | ${number(facts.validationLoss)} |
${Object.entries(hashes)
  .map(([what, hash]) => `| ${what} (sha256) | \`${hash}\` |`)
  .join('\n')}

Check the licence of the base model before you share ${full ? 'this model' : 'the adapter'}: it applies here too.

## Settings

| setting | value |
| --- | --- |
${shown.map(([key, value]) => `| ${key} | ${JSON.stringify(value)} |`).join('\n')}
`;
}
