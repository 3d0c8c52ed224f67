/**
 * The Llama kind of decoder (Llama, SmolLM, Mistral, Qwen, Gemma, Phi-3: see config.ts) as one graph, with the loss over
 * labelled tokens; batches.ts fills the inputs. What a layer is made of is in layer.ts, where its tensors come from in
 * modules.ts.
 */
import { product } from '../graph/dims';
import { Graph, type Value } from '../graph/graph';
import type { DecoderConfig } from './config';
import { decoderLayer, embed, head, headInputs } from './layer';
import { type DropoutPool, type Trainable, type ModulesOptions, type Training, createModules } from './modules';
import { linearModules } from './tensors';

export interface DecoderOptions {
  readonly training: Training;
  /** Blocks of causal attention; batches are padded to a multiple of it. */
  readonly blocks: number;
  /** Parts in which the head's logits are made; the number of labels is padded to a multiple of it. */
  readonly headChunks: number;
  /** Whether the adapter's dropout is applied: while training only. */
  readonly dropout: boolean;
  /** Whether the embeddings get noise (NEFTune): while training only. */
  readonly noise?: boolean;
  /** Share of each label that is spread over all tokens: while training only. */
  readonly labelSmoothing?: number;
  /** With it the loss is DPO's, over pairs of answers, instead of the labels' cross-entropy. */
  readonly beta?: number | undefined;
  readonly storedAs: ModulesOptions['storedAs'];
  readonly fusedNf4?: boolean;
  /** Whether the backward pass makes the inner values of each layer again instead of keeping them. */
  readonly recompute?: boolean;
}

export interface DecoderGraph {
  readonly graph: Graph;
  /** Σ weight · NLL over the labelled rows, or Σ over the pairs. */
  readonly loss: Value;
  /** −log p(label) of every labelled row [N]. */
  readonly nll: Value;
  /** The most likely next token of every labelled row, int32 [N]. */
  readonly predictions: Value;
  /** Logits of the labelled rows [N, V]. */
  readonly logits: Value;
  readonly trainable: readonly Trainable[];
  readonly dropoutPools: readonly DropoutPool[];
}

export function buildDecoder(config: DecoderConfig, options: DecoderOptions): DecoderGraph {
  const { blocks, headChunks, labelSmoothing } = options;
  const graph = new Graph();
  const length = product(blocks, 'Q');
  const rows = product('B', length);
  const ids = graph.input('ids', ['B', length], 'int32');
  const inputs = headInputs(graph, rows, headChunks, options.beta);
  const linears = linearModules(config);
  const modules = createModules(graph, config, { ...options, linears, rows, frozen: 'weight' });
  let x = embed(modules, config, ids);
  for (let layer = 0; layer < config.layers; layer++) {
    const build = (input: Value): Value => decoderLayer(modules, config, { length, blocks }, layer, input);
    x = options.recompute ? graph.recomputed(x, build) : build(x);
  }
  const { loss, nll, predictions, logits } = head(modules, config, inputs, headChunks, x, labelSmoothing);
  return { graph, loss, nll, predictions, logits, trainable: modules.trainable, dropoutPools: modules.dropoutPools };
}
