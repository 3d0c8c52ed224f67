/** How much memory a run takes, roughly: enough to choose a layout. All in bytes. */
import type { DecoderConfig } from '../models/config';
import { baseTensors, linearModules } from '../models/tensors';

export interface MemoryQuestion {
  readonly config: DecoderConfig;
  readonly layout: 'fast' | 'low';
  readonly method: 'lora' | 'qlora' | 'full';
  /** Bytes of a number of a frozen matrix (0.5 in 4 bits is for the linear layers of qlora alone). */
  readonly bytesPerWeight: number;
  readonly trainedNumbers: number;
  /** Rows of a batch, tokens of the longest row, blocks of attention. */
  readonly rows: number;
  readonly length: number;
  readonly blocks: number;
  /** Labelled tokens of a batch, at most, and the parts in which they reach the head. */
  readonly labelled: number;
  readonly headChunks: number;
}

export interface MemoryEstimate {
  readonly weights: number;
  /** Trained tensors, their gradients, both moments of AdamW, the best ones so far. */
  readonly training: number;
  readonly activations: number;
  readonly head: number;
  /** Node, the runtime, the program. */
  readonly runtime: number;
}

export function estimateMemory(question: MemoryQuestion): MemoryEstimate {
  const { config, layout, method, rows, length } = question;
  const tokens = rows * length;
  const kept = 4 * config.hidden * tokens * config.layers;
  const inside = 4 * numbersInsideLayer(question) * tokens;
  return {
    weights: weightBytes(question),
    training: 4 * question.trainedNumbers * (method === 'full' ? 4 : 5),
    // A backward pass needs about as much again for the layer that it is in.
    activations: layout === 'fast' ? inside * (config.layers + 1) : kept + 2 * inside,
    // Logits, their softmax, and what is made from both.
    head: 3 * 4 * Math.ceil(question.labelled / question.headChunks) * config.vocabulary,
    runtime: 200e6,
  };
}

export const totalBytes = (estimate: MemoryEstimate): number =>
  Object.values(estimate).reduce((sum: number, bytes: number) => sum + bytes, 0);

/** Numbers for each token that the backward pass of a layer reads. */
function numbersInsideLayer({ config, length, blocks }: MemoryQuestion): number {
  const { hidden, heads, kvHeads, headDim, intermediate } = config;
  const scores = heads * length * (0.5 + 0.5 / blocks);
  return 8 * hidden + 2 * (heads + 2 * kvHeads) * headDim + scores + (config.gatedMlp ? 5 : 3) * intermediate;
}

function weightBytes({ config, layout, method, bytesPerWeight }: MemoryQuestion): number {
  if (method === 'full') return 0;
  const numbers = (shapes: readonly (readonly number[])[]): number =>
    shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const all = numbers(baseTensors(config).map(({ shape }) => shape));
  const linear = numbers(linearModules(config).map(({ inFeatures, outFeatures }) => [inFeatures, outFeatures]));
  if (method === 'qlora') return (all - linear) * bytesPerWeight + linear * (4.13 / 8);
  // The fast layout packs a second copy, for speed.
  return all * bytesPerWeight + (layout === 'fast' && bytesPerWeight === 4 ? 4 * linear : 0);
}
