/** The graphs of a run as the sessions build them, counted instead of compiled. */
import type { Bindings } from '../graph/dims';
import type { DataType, Value } from '../graph/graph';
import type { DecoderConfig } from '../models/config';
import { type DecoderOptions, buildDecoder } from '../models/decoder';
import { dropoutPools } from '../models/modules';
import { type Piece, embeddingPiece, headPiece, layerPiece } from '../models/pieces';
import { linearModules } from '../models/tensors';
import { trainingOf } from '../parameters';
import type { ResolvedSettings } from '../settings';
import { type GraphBytes, graphBytes } from './graph-peak';

export interface GraphPlan {
  readonly config: DecoderConfig;
  readonly settings: ResolvedSettings;
  readonly storedAs: (name: string) => DataType;
  readonly layout: { readonly blocks: number; readonly headChunks: number };
  /** Rows of a batch and tokens of each, padding included. */
  readonly rows: number;
  readonly length: number;
  /** Labels of a batch. */
  readonly labelled: number;
}

/** Of all graphs together: each keeps the memory that it has once taken. */
export interface PlanBytes {
  /** Of what is computed, outputs included. */
  readonly peak: number;
  /** The part of it that is handed out at the end: gradients. */
  readonly outputs: number;
  readonly packed: number;
  /** What a batch brings: masks, angles, dropout. */
  readonly feeds: number;
  /** How many values the graphs have. */
  readonly values: number;
}

export function trainingPlan(plan: GraphPlan, layered: boolean): PlanBytes {
  const { config, settings } = plan;
  const options = { ...graphOptions(plan), dropout: true, noise: settings.neftune_noise_alpha !== null };
  const sizes = sizesOf(plan);
  if (layered) {
    const embedding = embeddingPiece(config, options);
    const pieces = [...layerPieces(config, options), headPiece(config, options)];
    const forward = [embedding, ...pieces.slice(0, -1)].map((piece) => piece.forward);
    const backward = [...(settings.method === 'full' ? [embedding] : []), ...pieces].map((piece) => piece.backward());
    return together([...forward, ...backward].map(Object.values<Value>), sizes);
  }
  const smoothed = {
    ...options,
    labelSmoothing: settings.label_smoothing_factor,
    recompute: settings.memory === 'low',
  };
  const decoder = buildDecoder(config, smoothed);
  const targets = decoder.trainable.map(({ value }) => value);
  return together([[decoder.loss, decoder.nll, ...decoder.graph.gradients(decoder.loss, targets)]], sizes);
}

export function evaluationPlan(plan: GraphPlan, layered: boolean): PlanBytes {
  const options = { ...graphOptions(plan), dropout: false };
  const sizes = sizesOf(plan);
  if (layered) {
    const { config } = plan;
    const pieces = [embeddingPiece(config, options), ...layerPieces(config, options), headPiece(config, options)];
    return together(
      pieces.map((piece) => Object.values<Value>(piece.forward)),
      sizes,
    );
  }
  const { loss, nll, predictions } = buildDecoder(plan.config, options);
  return together([[loss, nll, predictions]], sizes);
}

function together(graphs: readonly (readonly Value[])[], sizes: Bindings): PlanBytes {
  const counted = graphs.map((outputs) => graphBytes(outputs, sizes));
  const sum = (pick: (bytes: GraphBytes) => number): number => counted.reduce((total, one) => total + pick(one), 0);
  return {
    peak: sum((one) => one.peak),
    outputs: sum((one) => one.outputs),
    packed: sum((one) => one.packed),
    feeds: Math.max(...counted.map((one) => one.feeds)),
    values: sum((one) => one.values),
  };
}

function graphOptions({ settings, storedAs, layout }: GraphPlan): Omit<DecoderOptions, 'dropout'> {
  const beta = settings.objective === 'dpo' ? settings.beta : undefined;
  return { training: trainingOf(settings), ...layout, storedAs, fusedNf4: settings.device === 'cpu', beta };
}

/** One of each kind. */
function layerPieces(config: DecoderConfig, options: DecoderOptions): Piece[] {
  const kinds = new Map(config.layerKinds.map((kind, layer) => [JSON.stringify(kind), layer]));
  return [...kinds.values()].map((layer) => layerPiece(config, options, layer));
}

function sizesOf({ config, settings, layout, rows, length, labelled }: GraphPlan): Bindings {
  const pools = dropoutPools(linearModules(config), trainingOf(settings));
  return new Map([
    ['B', rows],
    ['P', settings.packing ? rows : 1],
    ['Q', length / layout.blocks],
    ['N', Math.max(1, Math.ceil(labelled / layout.headChunks))],
    ['K', settings.batch_size],
    ...pools.map(({ width, extraRows }): [string, number] => [`D${width}`, rows * length + extraRows]),
  ]);
}
