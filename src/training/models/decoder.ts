/**
 * The Llama kind of decoder (Llama, SmolLM, Mistral, Qwen, Gemma, Phi-3: see config.ts) as a graph, with the loss over
 * labelled tokens and the gradients of whatever is trained. batches.ts fills the inputs.
 */
import { type LinearModule, type LoraConfig, addLora, isTarget, loraName } from '../adapters/lora';
import { attention } from '../graph/attention';
import { type Shape, product } from '../graph/dims';
import * as f from '../graph/functions';
import { Graph, type Value } from '../graph/graph';
import type { DecoderConfig } from './config';
import type { LayerKind } from './layer-kinds';

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
  const output: [string, number, number] = ['self_attn.o_proj', heads * headDim, hidden];
  const down: [string, number, number] = ['mlp.down_proj', intermediate, hidden];
  const sizes: [string, number, number][] = config.fusedProjections
    ? [
        ['self_attn.qkv_proj', hidden, (heads + 2 * kvHeads) * headDim],
        output,
        ['mlp.gate_up_proj', hidden, 2 * intermediate],
        down,
      ]
    : [
        ['self_attn.q_proj', hidden, heads * headDim],
        ['self_attn.k_proj', hidden, kvHeads * headDim],
        ['self_attn.v_proj', hidden, kvHeads * headDim],
        output,
        ['mlp.gate_proj', hidden, intermediate],
        ['mlp.up_proj', hidden, intermediate],
        down,
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
  const norms: [string, number][] = [
    ['input_layernorm', hidden],
    ['post_attention_layernorm', hidden],
  ];
  if (config.postNorms) norms.push(['pre_feedforward_layernorm', hidden], ['post_feedforward_layernorm', hidden]);
  if (config.qkNorm) norms.push(['self_attn.q_norm', config.headDim], ['self_attn.k_norm', config.headDim]);
  for (let layer = 0; layer < config.layers; layer++)
    for (const [norm, width] of norms) tensors.push({ name: `model.layers.${layer}.${norm}.weight`, shape: [width] });
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
  const attentionInputs = new Map<string, Value>();
  const shared = (name: string, shape: Shape): Value => {
    const value = attentionInputs.get(name) ?? g.input(name, shape);
    attentionInputs.set(name, value);
    return value;
  };
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

  const norm = (value: Value, name: string): Value =>
    f.rmsNorm(g, value, base(`${name}.weight`), config.normEpsilon, config.normOffset);
  const attend = (x: Value, at: string, kind: LayerKind): Value => {
    const projected = config.fusedProjections
      ? f.splitColumns(g, linear(x, `${at}.qkv_proj`), [heads / kvHeads, 1, 1])
      : ['q_proj', 'k_proj', 'v_proj'].map((name) => linear(x, `${at}.${name}`));
    const place = (value: Value, count: number, normName: string): Value => {
      const split = reshaped(g, value, ['B', length, count, headDim]);
      const normed = config.qkNorm ? norm(split, `${at}.${normName}`) : split;
      if (kind.rope === 'none') return normed;
      const [cos, sin] = ['cos', 'sin'].map((name) => shared(`${name}_${kind.rope}`, ['P', length, 1, headDim]));
      return f.rotary(g, normed, cos!, sin!);
    };
    const q = f.scale(g, place(projected[0]!, heads, 'q_norm'), config.attentionScale);
    const k = place(projected[1]!, kvHeads, 'k_norm');
    const v = reshaped(g, projected[2]!, ['B', length, kvHeads, headDim]);
    const grouped = reshaped(g, q, ['B', length, kvHeads, heads / kvHeads, headDim]);
    const mask = shared(kind.windowed ? 'mask_window' : 'mask', ['P', 1, length, length]);
    return linear(attention(g, grouped, k, v, mask, blocks, config.attentionCap), `${at}.o_proj`);
  };
  const feedForward = (x: Value, at: string): Value => {
    const [gate, up] = config.fusedProjections
      ? f.splitColumns(g, linear(x, `${at}.gate_up_proj`), [1, 1])
      : ['gate_proj', 'up_proj'].map((name) => linear(x, `${at}.${name}`));
    const gated = config.activation === 'silu' ? f.swiglu(g, gate!, up!) : f.geglu(g, gate!, up!);
    return linear(gated, `${at}.down_proj`);
  };

  let x = f.scale(g, f.embedding(g, base('model.embed_tokens.weight'), ids), config.embeddingScale);
  config.layerKinds.forEach((kind, layer) => {
    const at = `model.layers.${layer}`;
    const attended = attend(norm(x, `${at}.input_layernorm`), `${at}.self_attn`, kind);
    if (!config.postNorms) {
      x = f.add(g, x, attended);
      x = f.add(g, x, feedForward(norm(x, `${at}.post_attention_layernorm`), `${at}.mlp`));
      return;
    }
    x = f.add(g, x, norm(attended, `${at}.post_attention_layernorm`));
    const fed = feedForward(norm(x, `${at}.pre_feedforward_layernorm`), `${at}.mlp`);
    x = f.add(g, x, norm(fed, `${at}.post_feedforward_layernorm`));
  });
  // Only rows with a label reach the final norm and the head.
  const chosen = f.gatherRows(g, x, labelRows, labelPlaces);
  const final = norm(chosen, 'model.norm');
  const head = base(config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
  const { loss, predictions } = f.crossEntropy(
    g,
    final,
    head,
    labels,
    labelWeights,
    options.headChunks,
    config.logitCap,
  );
  return {
    graph: g,
    loss,
    predictions,
    logits: f.softCap(g, g.gemm(final, head, { transposeB: true }), config.logitCap).value,
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
