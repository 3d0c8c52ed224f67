/** The pieces of a decoder, each a function from values to values of one graph: embedding, layer, head. */
import { geglu, gelu, swiglu } from '../graph/activations';
import { attention } from '../graph/attention';
import { type Dim, type Shape, product } from '../graph/dims';
import * as f from '../graph/functions';
import { type CrossEntropy, crossEntropy, headLogits } from '../graph/head';
import { type PairInputs, preferenceLoss } from '../graph/preference';
import type { Graph, Value } from '../graph/graph';
import type { DecoderConfig } from './config';
import type { LayerKind } from './layer-kinds';
import type { Modules } from './modules';
import { headName, layerName, moduleNames } from './tensors';

export interface LayerSizes {
  /** Tokens of a row of the batch, a multiple of `blocks`. */
  readonly length: Dim;
  /** Blocks of causal attention. */
  readonly blocks: number;
}

/** The input of NEFTune's noise, [B·T, hidden]. */
export const EMBEDDING_NOISE = 'embedding_noise';

/** ids int32 [B, T] → [B·T, hidden] */
export function embed(m: Modules, config: DecoderConfig, ids: Value): Value {
  const g = m.graph;
  const names = moduleNames(config);
  const plain = f.scale(g, f.embedding(g, m.tensor(`${names.embedding}.weight`), ids), config.embeddingScale);
  const tokens = m.noise ? f.add(g, plain, m.shared(EMBEDDING_NOISE, plain.shape)) : plain;
  if (!config.learnedPositions) return tokens;
  const positions = m.shared('positions', ids.shape, 'int32');
  return f.add(g, tokens, f.embedding(g, m.tensor(`${names.positions}.weight`), positions));
}

/** [B·T, hidden] → [B·T, hidden] */
export function decoderLayer(m: Modules, config: DecoderConfig, sizes: LayerSizes, layer: number, x: Value): Value {
  const g = m.graph;
  const at = layerName(config, layer);
  const names = moduleNames(config);
  const attended = attend(
    m,
    config,
    sizes,
    config.layerKinds[layer]!,
    `${at}.${names.attention}`,
    m.norm(x, `${at}.${names.attentionNorm}`),
  );
  const mlp = `${at}.${names.mlp}`;
  if (!config.postNorms) {
    const y = f.add(g, x, attended);
    return f.add(g, y, feedForward(m, config, mlp, m.norm(y, `${at}.${names.mlpNorm}`)));
  }
  const y = f.add(g, x, m.norm(attended, `${at}.post_attention_layernorm`));
  const fed = feedForward(m, config, mlp, m.norm(y, `${at}.pre_feedforward_layernorm`));
  return f.add(g, y, m.norm(fed, `${at}.post_feedforward_layernorm`));
}

export interface HeadInputs {
  /** Rows with a label, int32 [N]. */
  readonly rows: Value;
  /** For each of the B·T rows its place among those, or N; int32. */
  readonly places: Value;
  /** int32 [N] */
  readonly labels: Value;
  /** [N] */
  readonly weights: Value;
  /** Where the loss is about pairs of answers; the weights then count for nothing. */
  readonly pairs: PairInputs | undefined;
}

/** `beta`: that of DPO, where this is the objective. */
export function headInputs(g: Graph, rows: Dim, chunks: number, beta: number | undefined): HeadInputs {
  const labelled = product(chunks, 'N');
  return {
    rows: g.input('label_rows', [labelled], 'int32'),
    places: g.input('label_places', [rows], 'int32'),
    labels: g.input('labels', [labelled], 'int32'),
    weights: g.input('label_weights', [labelled]),
    pairs:
      beta === undefined
        ? undefined
        : { sides: g.input('pair_sides', ['K', labelled]), reference: g.input('pair_reference', ['K', 1]), beta },
  };
}

export interface Head extends CrossEntropy {
  /** Logits of the labelled rows [N, V]. */
  readonly logits: Value;
}

/** Final norm, logits and loss, for the labelled rows of x [B·T, hidden] alone; logits are made in `chunks` parts. */
export function head(
  m: Modules,
  config: DecoderConfig,
  inputs: HeadInputs,
  chunks: number,
  x: Value,
  smoothing = 0,
): Head {
  const g = m.graph;
  const final = m.norm(f.gatherRows(g, x, inputs.rows, inputs.places), moduleNames(config).finalNorm);
  const matrix = m.tensor(headName(config));
  const { labels, weights, pairs } = inputs;
  const loss = pairs
    ? preferenceLoss(g, final, matrix, labels, pairs, chunks, config.logitCap)
    : crossEntropy(g, final, matrix, labels, weights, chunks, config.logitCap, smoothing);
  return {
    ...loss,
    logits: f.softCap(g, headLogits(g, final, matrix), config.logitCap).value,
  };
}

function attend(
  m: Modules,
  config: DecoderConfig,
  { length, blocks }: LayerSizes,
  kind: LayerKind,
  at: string,
  x: Value,
): Value {
  const g = m.graph;
  const { heads, kvHeads, headDim } = config;
  const names = moduleNames(config);
  const projected = config.fusedProjections
    ? f.splitColumns(g, m.linear(x, `${at}.${names.fusedQkv}`), [heads / kvHeads, 1, 1])
    : ['q_proj', 'k_proj', 'v_proj'].map((name) => m.linear(x, `${at}.${name}`));
  const place = (value: Value, count: number, norm: string): Value => {
    const split = reshaped(g, value, ['B', length, count, headDim]);
    const normed = config.qkNorm ? m.norm(split, `${at}.${norm}`) : split;
    const rope = kind.rope === 'none' ? undefined : config.ropes[kind.rope];
    if (!rope) return normed;
    const [cos, sin] = ['cos', 'sin'].map((name) => m.shared(`${name}_${kind.rope}`, ['P', length, 1, headDim]));
    return f.rotary(g, normed, cos!, sin!, rope.rotated);
  };
  const q = f.scale(g, place(projected[0]!, heads, 'q_norm'), config.attentionScale);
  const k = place(projected[1]!, kvHeads, 'k_norm');
  const v = reshaped(g, projected[2]!, ['B', length, kvHeads, headDim]);
  const grouped = reshaped(g, q, ['B', length, kvHeads, heads / kvHeads, headDim]);
  const mask = m.shared(kind.windowed ? 'mask_window' : 'mask', ['P', 1, length, length]);
  return m.linear(attention(g, grouped, k, v, mask, blocks, config.attentionCap), `${at}.${names.attentionOutput}`);
}

function feedForward(m: Modules, config: DecoderConfig, at: string, x: Value): Value {
  const g = m.graph;
  const names = moduleNames(config);
  const down = `${at}.${names.down}`;
  if (!config.gatedMlp) return m.linear(gelu(g, m.linear(x, `${at}.${names.up}`)), down);
  const [gate, up] = config.fusedProjections
    ? f.splitColumns(g, m.linear(x, `${at}.gate_up_proj`), [1, 1])
    : ['gate_proj', names.up].map((name) => m.linear(x, `${at}.${name}`));
  const gated = config.activation === 'silu' ? swiglu(g, gate!, up!) : geglu(g, gate!, up!);
  return m.linear(gated, down);
}

function reshaped(g: Graph, value: Value, shape: Shape): Value {
  return g.differentiable(g.reshape(value, shape), [value], (dy) => [g.reshape(dy, value.shape)]);
}
