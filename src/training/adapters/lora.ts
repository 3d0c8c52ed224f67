/** LoRA (Hu et al. 2021), names and initialisation as in Hugging Face PEFT. */
import type { Random } from '../../common/random';
import * as f from '../graph/functions';
import type { Graph, Value } from '../graph/graph';

export interface LoraConfig {
  readonly r: number;
  readonly alpha: number;
  readonly dropout: number;
  /** Last parts of module names, or ['all-linear']. */
  readonly targetModules: readonly string[];
}

/** A linear layer of the base: its module name ("model.layers.0.self_attn.q_proj") and sizes. */
export interface LinearModule {
  readonly module: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** Whether a module gets an adapter: PEFT compares the end of the name, at a dot. */
export function isTarget(module: string, targets: readonly string[]): boolean {
  return targets.some((t) => t === 'all-linear' || module === t || module.endsWith(`.${t}`));
}

export const loraName = (module: string, part: 'A' | 'B'): string => `base_model.model.${module}.lora_${part}.weight`;

/** A uniform as kaiming_uniform(a = √5) gives it, that is ±1/√in; B zero, so that training starts at the base model. */
export function initializeLora(
  modules: readonly LinearModule[],
  r: number,
  random: Random,
): Map<string, { data: Float32Array; shape: readonly number[] }> {
  const tensors = new Map<string, { data: Float32Array; shape: readonly number[] }>();
  for (const { module, inFeatures, outFeatures } of modules) {
    const bound = 1 / Math.sqrt(inFeatures);
    const a = new Float32Array(r * inFeatures).map(() => (random.next() * 2 - 1) * bound);
    tensors.set(loraName(module, 'A'), { data: a, shape: [r, inFeatures] });
    tensors.set(loraName(module, 'B'), { data: new Float32Array(outFeatures * r), shape: [outFeatures, r] });
  }
  return tensors;
}

/** base(x) + alpha/r · dropout(x) · Aᵀ · Bᵀ. `dropoutMask` has the shape of x; without it nothing is dropped. */
export function addLora(
  g: Graph,
  base: Value,
  x: Value,
  a: Value,
  b: Value,
  config: LoraConfig,
  dropoutMask: Value | undefined,
): Value {
  const input = dropoutMask ? f.mask(g, x, dropoutMask) : x;
  const down = f.scale(g, f.linear(g, input, a), config.alpha / config.r);
  return f.add(g, base, f.linear(g, down, b));
}
