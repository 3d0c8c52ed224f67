/** The trained adapter as Hugging Face PEFT saves it, with tokenizer, chat template and a model card. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { modelIdText } from '../hub/model-id';
import { moduleOf } from '../training/adapters/lora';
import type { Parameter } from '../training/optimizer';
import { type ResolvedSettings, SETTINGS, SETTING_KEYS } from '../training/settings';
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
  // Paths say something of this machine alone.
  const shown = SETTING_KEYS.filter((key) => SETTINGS[key].type !== 'path' && key !== 'name');
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
${settings.method === 'qlora' ? fourBitNote(settings) : ''}
## Settings

| setting | value |
| --- | --- |
${shown.map((key) => `| ${key} | ${JSON.stringify(settings[key])} |`).join('\n')}
`;
}

/** How to get, in PyTorch, the base that the adapter was trained on. */
function fourBitNote({ bnb_4bit_use_double_quant: double }: ResolvedSettings): string {
  return `
The adapter was trained and measured on the base in 4 bits. Load it so with transformers:

\`\`\`python
BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=${double ? 'True' : 'False'})
\`\`\`

On the base in 16 or 32 bits its answers differ a little.
`;
}
