/**
 * The Llama kind of decoder (Llama, TinyLlama, SmolLM, Mistral, Qwen 2) as a graph, with the loss over labelled
 * tokens and the gradients of whatever is trained. Inputs are named in `BATCH_INPUTS`; batches.ts fills them.
 */
import { type LinearModule, type LoraConfig, addLora, isTarget, loraName } from '../adapters/lora';
import { product } from '../graph/dims';
import * as f from '../graph/functions';
import { Graph, type Value } from '../graph/graph';
import type { DecoderConfig } from './config';

export interface TrainableTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What is trained: an adapter, all weights, or nothing (evaluation of the base). */
export type Training =
  { readonly method: 'lora'; readonly lora: LoraConfig } | { readonly method: 'full' } | { readonly method: 'none' };

export interface DecoderOptions {
  readonly training: Training;
  /** Blocks of causal attention; batches are padded to a multiple of it. */
  readonly blocks: number;
  /** Parts in which the head's logits are made; the number of labels is padded to a multiple of it. */
  readonly headChunks: number;
  /** Whether the adapter's dropout is applied: while training only. */
  readonly dropout: boolean;
}

export interface DecoderGraph {
  readonly graph: Graph;
  /** Σ weight · NLL over the labelled rows. */
  readonly loss: Value;
  /** The most likely next token of every labelled row, int32 [N]. */
  readonly predictions: Value;
  /** Logits of the labelled rows [N, V]. */
  readonly logits: Value;
  readonly trainable: readonly { readonly tensor: TrainableTensor; readonly value: Value }[];
  /** One mask pool for each width that needs dropout; see `dropoutPoolRows`. */
  readonly dropoutPools: readonly { readonly input: string; readonly width: number; readonly extraRows: number }[];
}

/** All linear layers of the base but the head. */
export function linearModules(config: DecoderConfig): LinearModule[] {
  const { hidden, heads, kvHeads, headDim, intermediate } = config;
  const sizes: [string, number, number][] = [
    ['self_attn.q_proj', hidden, heads * headDim],
    ['self_attn.k_proj', hidden, kvHeads * headDim],
    ['self_attn.v_proj', hidden, kvHeads * headDim],
    ['self_attn.o_proj', heads * headDim, hidden],
    ['mlp.gate_proj', hidden, intermediate],
    ['mlp.up_proj', hidden, intermediate],
    ['mlp.down_proj', intermediate, hidden],
  ];
  return Array.from({ length: config.layers }, (_, layer) =>
    sizes.map(([name, inFeatures, outFeatures]) => ({
      module: `model.layers.${layer}.${name}`,
      inFeatures,
      outFeatures,
    })),
  ).flat();
}

/** Every tensor of the base, with the shape that the configuration demands. */
export function baseTensors(config: DecoderConfig): TrainableTensor[] {
  const { hidden, vocabulary, biases } = config;
  const biased = (module: string): boolean =>
    /\.(q|k|v)_proj$/.test(module) ? biases.qkv : module.endsWith('.o_proj') ? biases.output : biases.mlp;
  const tensors: TrainableTensor[] = [{ name: 'model.embed_tokens.weight', shape: [vocabulary, hidden] }];
  for (const { module, inFeatures, outFeatures } of linearModules(config)) {
    tensors.push({ name: `${module}.weight`, shape: [outFeatures, inFeatures] });
    if (biased(module)) tensors.push({ name: `${module}.bias`, shape: [outFeatures] });
  }
  for (let layer = 0; layer < config.layers; layer++)
    for (const norm of ['input_layernorm', 'post_attention_layernorm'])
      tensors.push({ name: `model.layers.${layer}.${norm}.weight`, shape: [hidden] });
  tensors.push({ name: 'model.norm.weight', shape: [hidden] });
  if (!config.tiedEmbeddings) tensors.push({ name: 'lm_head.weight', shape: [vocabulary, hidden] });
  return tensors;
}

export function buildDecoder(config: DecoderConfig, options: DecoderOptions): DecoderGraph {
  const g = new Graph();
  const { heads, kvHeads, headDim } = config;
  const { training, blocks } = options;
  const shapes = new Map(baseTensors(config).map((t) => [t.name, t.shape]));
  const made = new Map<string, Value>();
  const trainable: { tensor: TrainableTensor; value: Value }[] = [];
  const pools = new Map<number, { value: Value; targets: number }>();

  const trained = (name: string, shape: readonly number[]): Value => {
    const value = g.input(name, shape);
    trainable.push({ tensor: { name, shape }, value });
    return value;
  };
  const base = (name: string): Value => {
    const known = made.get(name);
    if (known) return known;
    const shape = shapes.get(name)!;
    const value = training.method === 'full' ? trained(name, shape) : g.weight(name, shape);
    made.set(name, value);
    return value;
  };

  const length = product(blocks, 'Q');
  const rows = product('B', length);
  const labelled = product(options.headChunks, 'N');
  const ids = g.input('ids', ['B', length], 'int32');
  const cos = g.input('cos', ['P', length, 1, headDim]);
  const sin = g.input('sin', ['P', length, 1, headDim]);
  const mask = g.input('mask', ['P', 1, length, length]);
  const labelRows = g.input('label_rows', [labelled], 'int32');
  const labelPlaces = g.input('label_places', [rows], 'int32');
  const labels = g.input('labels', [labelled], 'int32');
  const labelWeights = g.input('label_weights', [labelled]);

  const lora = training.method === 'lora' ? training.lora : undefined;
  const targets = lora ? linearModules(config).filter((m) => isTarget(m.module, lora.targetModules)) : [];
  const targetNames = new Set(targets.map((t) => t.module));
  const usesDropout = lora !== undefined && lora.dropout > 0 && options.dropout;
  if (usesDropout)
    for (const width of new Set(targets.map((t) => t.inFeatures)))
      pools.set(width, { value: g.input(`dropout_${width}`, [`D${width}`, width]), targets: 0 });
  const targetsOfWidth = (width: number): number => targets.filter((t) => t.inFeatures === width).length;

  // Every target reads the pool one row further on: each mask is independent in itself, at the price of one pool.
  const dropoutMask = (width: number): Value | undefined => {
    const pool = pools.get(width);
    if (!pool) return undefined;
    const start = pool.targets++;
    return g.rows(pool.value, start, targetsOfWidth(width) - start, rows);
  };
  const linear = (x: Value, module: string): Value => {
    let y = f.linear(g, x, base(`${module}.weight`));
    if (shapes.has(`${module}.bias`)) y = f.addBias(g, y, base(`${module}.bias`));
    if (!lora || !targetNames.has(module)) return y;
    const [outFeatures, inFeatures] = shapes.get(`${module}.weight`) as [number, number];
    const a = trained(loraName(module, 'A'), [lora.r, inFeatures]);
    const b = trained(loraName(module, 'B'), [outFeatures, lora.r]);
    return addLora(g, y, x, a, b, lora, dropoutMask(inFeatures));
  };

  let x = f.embedding(g, base('model.embed_tokens.weight'), ids);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const attended = f.rmsNorm(g, x, base(`${at}.input_layernorm.weight`), config.normEpsilon);
    const project = (name: string, count: number): Value =>
      reshaped(g, linear(attended, `${at}.self_attn.${name}`), ['B', length, count, headDim]);
    const q = f.rotary(g, project('q_proj', heads), cos, sin);
    const k = f.rotary(g, project('k_proj', kvHeads), cos, sin);
    const v = project('v_proj', kvHeads);
    const scaled = reshaped(g, f.scale(g, q, headDim ** -0.5), ['B', length, kvHeads, heads / kvHeads, headDim]);
    const attention = f.attention(g, scaled, k, v, mask, blocks);
    x = f.add(g, x, linear(attention, `${at}.self_attn.o_proj`));
    const normed = f.rmsNorm(g, x, base(`${at}.post_attention_layernorm.weight`), config.normEpsilon);
    const gated = f.swiglu(g, linear(normed, `${at}.mlp.gate_proj`), linear(normed, `${at}.mlp.up_proj`));
    x = f.add(g, x, linear(gated, `${at}.mlp.down_proj`));
  }
  // Only rows with a label reach the final norm and the head.
  const chosen = f.gatherRows(g, x, labelRows, labelPlaces);
  const final = f.rmsNorm(g, chosen, base('model.norm.weight'), config.normEpsilon);
  const head = base(config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
  const { loss, predictions } = f.crossEntropy(g, final, head, labels, labelWeights, options.headChunks);
  return {
    graph: g,
    loss,
    predictions,
    logits: g.gemm(final, head, { transposeB: true }),
    trainable,
    dropoutPools: [...pools.keys()].map((width) => ({
      input: `dropout_${width}`,
      width,
      extraRows: targetsOfWidth(width),
    })),
  };

  function reshaped(graph: Graph, value: Value, shape: readonly (string | number)[]): Value {
    return graph.differentiable(graph.reshape(value, shape), [value], (dy) => [graph.reshape(dy, value.shape)]);
  }
}
