/** The trained adapter as Hugging Face PEFT saves it, with tokenizer, chat template and a model card. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { modelIdText } from '../hub/model-id';
import { moduleOf } from '../training/adapters/lora';
import type { Parameter } from '../training/optimizer';
import type { ResolvedSettings } from '../training/settings';
import { type BaseModel, sharedName } from '../training/weights/base-model';
import { writeFailure } from '../training/weights/files';
import { writeSafetensors } from '../training/weights/safetensors';

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

/** The fields of PEFT's `LoraConfig` that are not at their defaults; PEFT fills in the others. */
function adapterConfig(
  parameters: readonly Parameter[],
  base: BaseModel,
  settings: ResolvedSettings,
): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: sharedName(base),
    ...(base.hub && { revision: base.hub.revision }),
    r: settings.r,
    lora_alpha: settings.lora_alpha,
    lora_dropout: settings.lora_dropout,
    target_modules: targetModules(parameters, settings),
    bias: 'none',
    // Hugging Face's GPT-2 stores the weights under the adapter [in, out].
    fan_in_fan_out: base.config['model_type'] === 'gpt2',
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: settings.use_rslora,
    use_dora: settings.use_dora,
  };
}

/** The layers by name, also for all-linear: what was trained does not depend on what PEFT takes the word to mean. */
function targetModules(parameters: readonly Parameter[], { target_modules: targets }: ResolvedSettings): string[] {
  const named = targets.includes('all-linear')
    ? parameters.map(({ name }) => moduleOf(name).split('.').at(-1)!)
    : targets;
  return [...new Set(named)].sort();
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
base_model: ${JSON.stringify(sharedName(base))}
tags:
  - fine-tune
  - ${settings.method}${settings.objective === 'dpo' ? '\n  - dpo' : ''}
---

# ${settings.name}

${full ? 'All weights' : 'A LoRA adapter'} of \`${base.hub ? modelIdText(base.hub) : basename(base.path)}\`, trained with Fine-tune on ${facts.trainExamples} records of \`${basename(settings.train_file ?? '')}\`.

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
