/** What a run trains, from its settings. */
import { createRandom } from '../common/random';
import type { Adapter } from '../export/read-adapter';
import { startFromAdapter } from './adapter-start';
import { magnitudeName, startMagnitude } from './adapters/dora';
import { type LinearModule, type LoraConfig, initializeLora, isTarget, loraName } from './adapters/lora';
import type { CheckedBase } from './base';
import type { Training } from './models/modules';
import { linearModules } from './models/tensors';
import type { Parameter } from './optimizer';
import type { ResolvedSettings } from './settings';
import type { BaseModel } from './weights/base-model';
import { throughNf4 } from './weights/nf4';

/** How the graph is built for it. */
export function trainingOf(settings: ResolvedSettings): Training {
  return settings.method === 'full' ? { method: 'full' } : { method: 'lora', lora: loraOf(settings) };
}

export function loraOf({
  r,
  lora_alpha,
  lora_dropout,
  target_modules,
  use_rslora,
  use_dora,
}: ResolvedSettings): LoraConfig {
  return {
    r,
    alpha: lora_alpha,
    dropout: lora_dropout,
    targetModules: target_modules,
    rslora: use_rslora,
    dora: use_dora,
  };
}

/**
 * The tensors that are trained, as they are before the first step: all of the base, an adapter to go on from, or one that
 * changes nothing yet.
 */
export function createParameters(
  base: BaseModel,
  settings: ResolvedSettings,
  { config, tensors }: Pick<CheckedBase, 'config' | 'tensors'>,
  adapter?: Adapter,
): Parameter[] {
  if (settings.method === 'full')
    return tensors.map(({ name, shape }) => ({ name, shape, data: base.readTensor(name) }));
  if (adapter) return adapterParameters(startFromAdapter(adapter, linearModules(config), settings), settings);
  return adapterParameters(freshAdapter(base, settings, linearModules(config)), settings);
}

function freshAdapter(base: BaseModel, settings: ResolvedSettings, modules: readonly LinearModule[]): Parameter[] {
  const targets = modules.filter(({ module }) => isTarget(module, settings.target_modules));
  const tensors = initializeLora(targets, settings.r, createRandom(settings.seed));
  const matrices = [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
  if (!settings.use_dora) return matrices;
  const magnitudes = targets.map(({ module, outFeatures }): Parameter => {
    const numbers = base.readTensor(`${module}.weight`);
    const weight = settings.method === 'qlora' ? throughNf4(numbers, settings.bnb_4bit_use_double_quant) : numbers;
    const [a, b] = (['A', 'B'] as const).map((part) => tensors.get(loraName(module, part))!.data);
    return {
      name: magnitudeName(module),
      shape: [outFeatures],
      data: startMagnitude(weight, a!, b!, loraOf(settings)),
    };
  });
  return [...matrices, ...magnitudes];
}

/** How the tensors of an adapter learn, as PEFT and Hugging Face's Trainer group them: LoRA+ speeds up all but A. */
export function adapterParameters(
  tensors: readonly Parameter[],
  settings: Pick<ResolvedSettings, 'loraplus_lr_ratio'>,
): Parameter[] {
  return tensors.map(({ name, shape, data }) => ({
    name,
    shape,
    data,
    rateFactor: name.includes('.lora_A.') ? 1 : (settings.loraplus_lr_ratio ?? 1),
    decays: true,
  }));
}
