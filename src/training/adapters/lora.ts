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
  /** Rank-stabilised (Kalajdzievski 2023): scaled by alpha/√r. */
  readonly rslora?: boolean;
  /** Weight-decomposed, see dora.ts. */
  readonly dora?: boolean;
}

/** What B·A is multiplied by. */
export function loraScale({ r, alpha, rslora }: LoraConfig): number {
  return alpha / (rslora ? Math.sqrt(r) : r);
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

/** The last parts of the names of what PEFT adapts by default: the projections to queries and values, or the one that holds both. */
export function usualTargets(modules: readonly LinearModule[]): string[] {
  return ['q_proj', 'v_proj', 'qkv_proj', 'c_attn'].filter((name) =>
    modules.some(({ module }) => isTarget(module, [name])),
  );
}

export const loraName = (module: string, part: 'A' | 'B'): string => `base_model.model.${module}.lora_${part}.weight`;

/** The module that a tensor of an adapter belongs to. */
export function moduleOf(name: string): string {
  return name.replace(/^base_model\.model\./, '').replace(/\.lora_(A\.weight|B\.weight|magnitude_vector)$/, '');
}

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

/** scale · x · Aᵀ · Bᵀ, which is added to base(x); x [rows, in] has gone through the dropout already. */
export function loraBranch(g: Graph, x: Value, a: Value, b: Value, config: LoraConfig): Value {
  return f.linear(g, f.scale(g, f.linear(g, x, a), loraScale(config)), b);
}
