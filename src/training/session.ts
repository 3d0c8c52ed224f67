/** A base model and its trained tensors, compiled: runs batches forward (evaluation) and backward (training). */
import type { Random } from '../common/random';
import type { Batch } from './batches';
import type { Engine, Executable, Tensor, Tensors, WeightSource } from './engines/engine';
import type { DataType } from './graph/graph';
import type { DecoderConfig } from './models/config';
import { createLayeredEvaluationSession, createLayeredTrainingSession } from './layered-session';
import { type DecoderGraph, type DecoderOptions, buildDecoder } from './models/decoder';
import type { Training } from './models/modules';
import { drawNoise } from './noise';
import type { Parameter } from './optimizer';

export interface StepResult {
  /** Σ NLL over the labelled tokens of the batch, or Σ of DPO's loss over its pairs. */
  readonly loss: number;
  /** −log p of every labelled token, in the order of `batch.labels`. */
  readonly nll: Float32Array;
  /** Σ-loss gradients by parameter name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}
export interface ForwardResult {
  readonly loss: number;
  /** As in StepResult. */
  readonly nll: Float32Array;
  /** The most likely token at each labelled place. */
  readonly predictions: Int32Array;
}

export interface TrainingSession {
  /** `random` feeds dropout and noise; the same state gives the same masks. */
  forwardBackward(batch: Batch, random: Random): Promise<StepResult>;
  dispose(): Promise<void>;
}
export interface EvaluationSession {
  forward(batch: Batch): Promise<ForwardResult>;
  /** Logits of the labelled rows, [N, vocabulary]. */
  logits(batch: Batch): Promise<Tensor>;
  dispose(): Promise<void>;
}

export interface SessionOptions {
  readonly engine: Engine;
  readonly weights: WeightSource;
  readonly config: DecoderConfig;
  readonly training: Training;
  /** NEFTune's alpha, while training. */
  readonly neftuneAlpha?: number | null;
  /** While training. */
  readonly labelSmoothing?: number;
  /** Of DPO, where that is the objective. */
  readonly beta?: number | undefined;
  readonly blocks: number;
  readonly headChunks: number;
  /** `low`: one layer at a time on a processor, inner values made again in the one graph that a GPU needs. */
  readonly memory?: 'fast' | 'low';
}

/** A GPU would get all weights anew for every layer. */
const layered = ({ memory, engine }: SessionOptions): boolean => memory === 'low' && engine.device === 'cpu';

/** Blocks of causal attention that pay for records of this length, and parts of the head for this vocabulary. */
export function layoutFor(maxLength: number, vocabulary: number): { blocks: number; headChunks: number } {
  return { blocks: maxLength <= 64 ? 1 : maxLength <= 192 ? 2 : 4, headChunks: vocabulary >= 16_384 ? 4 : 1 };
}

export async function createTrainingSession(
  options: SessionOptions,
  parameters: readonly Parameter[],
): Promise<TrainingSession> {
  const { engine, weights, config, training } = options;
  const { neftuneAlpha = null } = options;
  const decoderOptions = { ...graphOptions(options), dropout: true, noise: neftuneAlpha !== null };
  if (layered(options)) return createLayeredTrainingSession(options, decoderOptions, parameters);
  const recompute = options.memory === 'low';
  const decoder = buildDecoder(config, { ...decoderOptions, recompute });
  const targets = decoder.trainable.map((t) => t.value);
  const gradients = decoder.graph.gradients(decoder.loss, targets);
  const outputs = Object.fromEntries(decoder.trainable.map(({ tensor }, i) => [`grad:${tensor.name}`, gradients[i]!]));
  const executable = await engine.compile({ outputs: { loss: decoder.loss, nll: decoder.nll, ...outputs } }, weights);
  const dropout = training.method === 'lora' ? training.lora.dropout : 0;
  const byName = new Map(parameters.map((p) => [p.name, p]));
  const trained = decoder.trainable.map(({ tensor }) => byName.get(tensor.name)!);
  return {
    forwardBackward: async (batch, random) => {
      const { dropoutPools } = decoder;
      const noise = drawNoise(random, batch, { dropoutPools, dropout, neftuneAlpha, hidden: config.hidden });
      const results = await executable.run({ ...batch.feeds, ...noise, ...asFeeds(trained) });
      return {
        loss: results.loss!.data[0]!,
        nll: results.nll!.data as Float32Array,
        gradients: new Map(trained.map(({ name }) => [name, results[`grad:${name}`]!.data as Float32Array])),
      };
    },
    dispose: () => executable.dispose(),
  };
}

export async function createEvaluationSession(
  options: SessionOptions,
  parameters: readonly Parameter[],
): Promise<EvaluationSession> {
  const decoderOptions: DecoderOptions = { ...graphOptions(options), dropout: false, labelSmoothing: 0 };
  if (layered(options)) return createLayeredEvaluationSession(options, decoderOptions, parameters);
  const build = (
    outputs: (decoder: DecoderGraph) => Parameters<Engine['compile']>[0]['outputs'],
  ): Promise<Executable> => {
    return options.engine.compile({ outputs: outputs(buildDecoder(options.config, decoderOptions)) }, options.weights);
  };
  const scorer = await build(({ loss, nll, predictions }) => ({ loss, nll, predictions }));
  let logitsRunner: Promise<Executable> | undefined;
  return {
    forward: async (batch) => {
      const results = await scorer.run({ ...batch.feeds, ...asFeeds(parameters) });
      const predictions = results.predictions!.data as Int32Array;
      return {
        loss: results.loss!.data[0]!,
        nll: results.nll!.data as Float32Array,
        predictions: predictions.subarray(0, batch.trainedTokens),
      };
    },
    logits: async (batch) => {
      logitsRunner ??= build(({ logits }) => ({ logits }));
      const { logits } = await (await logitsRunner).run({ ...batch.feeds, ...asFeeds(parameters) });
      return logits!;
    },
    dispose: async () => {
      await scorer.dispose();
      if (logitsRunner) await (await logitsRunner).dispose();
    },
  };
}

/** What the graph must know of weights and engine. */
function graphOptions(options: SessionOptions) {
  const storedAs = (name: string): DataType => options.weights.location(name).dataType ?? 'float32';
  return { ...options, storedAs, fusedNf4: options.engine.fusedNf4 };
}

function asFeeds(parameters: readonly Parameter[]): Tensors {
  return Object.fromEntries(parameters.map(({ name, data, shape }) => [name, { data, shape }]));
}
