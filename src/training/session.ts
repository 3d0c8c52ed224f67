/** A base model and its trained tensors, compiled: runs batches forward (evaluation) and backward (training). */
import type { Random } from '../common/random';
import { type Batch, dropoutPool } from './batches';
import type { Engine, Executable, Tensor, Tensors, WeightSource } from './engines/engine';
import type { DecoderConfig } from './models/config';
import { type DecoderGraph, type DecoderOptions, type Training, buildDecoder } from './models/decoder';
import type { Parameter } from './optimizer';

export interface StepResult {
  /** Σ NLL over the labelled tokens of the batch. */
  readonly loss: number;
  /** Σ-loss gradients by parameter name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}
export interface ForwardResult {
  readonly loss: number;
  /** The most likely token at each labelled place. */
  readonly predictions: Int32Array;
}

export interface TrainingSession {
  /** `random` feeds dropout; the same state gives the same masks. */
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
  readonly blocks: number;
  readonly headChunks: number;
}

/** Blocks of causal attention that pay for records of this length, and parts of the head for this vocabulary. */
export function layoutFor(maxLength: number, vocabulary: number): { blocks: number; headChunks: number } {
  return { blocks: maxLength <= 64 ? 1 : maxLength <= 192 ? 2 : 4, headChunks: vocabulary >= 16_384 ? 4 : 1 };
}

export async function createTrainingSession(
  options: SessionOptions,
  parameters: readonly Parameter[],
): Promise<TrainingSession> {
  const { engine, weights, config, training } = options;
  const decoder = buildDecoder(config, { ...options, dropout: true });
  const targets = decoder.trainable.map((t) => t.value);
  const gradients = decoder.graph.gradients(decoder.loss, targets);
  const outputs = Object.fromEntries(decoder.trainable.map(({ tensor }, i) => [`grad:${tensor.name}`, gradients[i]!]));
  const executable = await engine.compile({ outputs: { loss: decoder.loss, ...outputs } }, weights);
  const dropout = training.method === 'lora' ? training.lora.dropout : 0;
  const byName = new Map(parameters.map((p) => [p.name, p]));
  const trained = decoder.trainable.map(({ tensor }) => byName.get(tensor.name)!);
  return {
    forwardBackward: async (batch, random) => {
      const pools = decoder.dropoutPools.map(({ input, width, extraRows }) => [
        input,
        dropoutPool(random, batch.rows + extraRows, width, dropout),
      ]);
      const results = await executable.run({ ...batch.feeds, ...Object.fromEntries(pools), ...asFeeds(trained) });
      return {
        loss: results.loss!.data[0]!,
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
  const build = (
    outputs: (decoder: DecoderGraph) => Parameters<Engine['compile']>[0]['outputs'],
  ): Promise<Executable> => {
    const decoderOptions: DecoderOptions = { ...options, dropout: false };
    return options.engine.compile({ outputs: outputs(buildDecoder(options.config, decoderOptions)) }, options.weights);
  };
  const scorer = await build(({ loss, predictions }) => ({ loss, predictions }));
  let logitsRunner: Promise<Executable> | undefined;
  return {
    forward: async (batch) => {
      const results = await scorer.run({ ...batch.feeds, ...asFeeds(parameters) });
      const predictions = results.predictions!.data as Int32Array;
      return { loss: results.loss!.data[0]!, predictions: predictions.subarray(0, batch.trainedTokens) };
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

function asFeeds(parameters: readonly Parameter[]): Tensors {
  return Object.fromEntries(parameters.map(({ name, data, shape }) => [name, { data, shape }]));
}
