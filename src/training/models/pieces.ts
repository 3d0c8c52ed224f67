/**
 * The pieces of a decoder as graphs of their own, for the layout that has one layer at a time in memory. Every tensor is
 * an input, so that one graph serves all layers of a kind: it has the names of the layer that it was built for.
 */
import { type Dim, product } from '../graph/dims';
import { Graph, type Value } from '../graph/graph';
import type { DecoderConfig } from './config';
import type { DecoderOptions } from './decoder';
import { decoderLayer, embed, head, headInputs } from './layer';
import { type Modules, createModules } from './modules';
import { layerName, linearModules } from './tensors';

type Outputs = Readonly<Record<string, Value>>;

export interface Piece {
  /** What a run without gradients gives. */
  readonly forward: Outputs;
  /** Names of the inputs that are tensors of the base and frozen. */
  readonly frozen: readonly string[];
  /** Outputs `dx` (none for the embedding) and `grad:<name>`, made from the inputs of the forward pass and from `dy`. */
  backward(): Outputs;
}

/** → `y` [B, T, hidden] */
export function embeddingPiece(config: DecoderConfig, options: DecoderOptions): Piece {
  const { graph, shape, rows, modules } = start(config, options, []);
  const ids = graph.input('ids', shape.slice(0, 2), 'int32');
  const y = embed(modules, config, ids);
  return {
    forward: { y: graph.reshape(y, shape) },
    frozen: modules.frozenInputs,
    backward: () => {
      const dy = graph.reshape(graph.input('dy', shape), [rows, config.hidden]);
      return gradientOutputs(modules, graph.gradients(y, trainedValues(modules), dy));
    },
  };
}

/** `x` [B, T, hidden] → `y` */
export function layerPiece(config: DecoderConfig, options: DecoderOptions, layer: number): Piece {
  const { graph, shape, length, rows, modules } = start(config, options, layerLinears(config, layer));
  const x = graph.reshape(graph.input('x', shape), [rows, config.hidden]);
  const y = decoderLayer(modules, config, { length, blocks: options.blocks }, layer, x);
  return {
    forward: { y: graph.reshape(y, shape) },
    frozen: modules.frozenInputs,
    backward: () => {
      const dy = graph.reshape(graph.input('dy', shape), [rows, config.hidden]);
      const [dx, ...gradients] = graph.gradients(y, [x, ...trainedValues(modules)], dy);
      return { dx: graph.reshape(dx!, shape), ...gradientOutputs(modules, gradients) };
    },
  };
}

/** `x` → `loss`, `nll`, `predictions`; the backward pass gives `loss` and `nll` too. */
export function headPiece(config: DecoderConfig, options: DecoderOptions): Piece & { readonly logits: Outputs } {
  const { graph, shape, rows, modules } = start(config, options, []);
  const x = graph.reshape(graph.input('x', shape), [rows, config.hidden]);
  const inputs = headInputs(graph, rows, options.headChunks, options.beta);
  const { loss, nll, predictions, logits } = head(
    modules,
    config,
    inputs,
    options.headChunks,
    x,
    options.labelSmoothing,
  );
  return {
    forward: { loss, nll, predictions },
    frozen: modules.frozenInputs,
    backward: () => {
      const [dx, ...gradients] = graph.gradients(loss, [x, ...trainedValues(modules)]);
      return { loss, nll, dx: graph.reshape(dx!, shape), ...gradientOutputs(modules, gradients) };
    },
    logits: { logits },
  };
}

/** The linear modules of one layer. */
export const layerLinears = (config: DecoderConfig, layer: number) =>
  linearModules(config).filter(({ module }) => module.startsWith(`${layerName(config, layer)}.`));

function start(config: DecoderConfig, options: DecoderOptions, linears: ReturnType<typeof linearModules>) {
  const graph = new Graph();
  const length = product(options.blocks, 'Q');
  const rows = product('B', length);
  const shape: Dim[] = ['B', length, config.hidden];
  const modules = createModules(graph, config, { ...options, linears, rows, frozen: 'input' });
  return { graph, length, rows, shape, modules };
}

const trainedValues = ({ trainable }: Modules): Value[] => trainable.map(({ value }) => value);

const gradientOutputs = ({ trainable }: Modules, gradients: readonly Value[]): Outputs =>
  Object.fromEntries(trainable.map(({ tensor }, i) => [`grad:${tensor.name}`, gradients[i]!]));
