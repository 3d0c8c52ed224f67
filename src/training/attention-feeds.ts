/** What tells attention where the tokens of a batch stand and what they see: masks, angles, learned positions. */
import { Failure } from '../common/failure';
import type { Tensor } from './engines/engine';
import type { DecoderConfig } from './models/config';
import { ropeFrequencies } from './models/rope';

export interface TokenPlaces {
  readonly batch: number;
  /** Tokens of a row, padding included. */
  readonly length: number;
  /** Tokens of the longest record. */
  readonly longestText: number;
  /** Of every token of the batch within its record. */
  readonly positions: Int32Array;
  /** The record of every token within its row, −1 for padding; undefined where each row has one record. */
  readonly segments: Int32Array | undefined;
}

/** Without packing all rows have the same mask and the same angles, so there is one row of them. */
export function attentionFeeds(config: DecoderConfig, places: TokenPlaces): Record<string, Tensor> {
  const { layerKinds, ropes, headDim, slidingWindow } = config;
  const { batch, length, longestText, positions, segments } = places;
  const patterns = segments ? batch : 1;
  const feeds: Record<string, Tensor> = config.learnedPositions ? { positions: learnedPositions(config, places) } : {};
  for (const windowed of new Set(layerKinds.map((kind) => kind.windowed))) {
    const data = attentionMask(patterns, length, segments, windowed ? slidingWindow : undefined);
    feeds[windowed ? 'mask_window' : 'mask'] = { data, shape: [patterns, 1, length, length] };
  }
  for (const kind of new Set(layerKinds.map(({ rope }) => rope))) {
    const rope = kind === 'none' ? undefined : ropes[kind];
    if (!rope) continue;
    const { frequencies, magnitude } = ropeFrequencies(rope, longestText);
    const half = frequencies.length;
    const cos = new Float32Array(patterns * length * headDim).fill(1);
    const sin = new Float32Array(patterns * length * headDim);
    for (let i = 0; i < patterns * length; i++)
      for (let j = 0; j < half; j++) {
        const angle = (segments ? positions[i]! : i) * frequencies[j]!;
        const at = i * headDim + j;
        cos[at] = cos[at + half] = magnitude * Math.cos(angle);
        sin[at + half] = magnitude * Math.sin(angle);
        sin[at] = -sin[at + half]!; // see `rotary`
      }
    const shape = [patterns, length, 1, headDim];
    feeds[`cos_${kind}`] = { data: cos, shape };
    feeds[`sin_${kind}`] = { data: sin, shape };
  }
  return feeds;
}

/**
 * Places of learned positions. Padding beyond the last one shares it, since nothing looks at padding; so does the last
 * token of a record, which predicts nothing.
 */
function learnedPositions({ maxPositions }: DecoderConfig, places: TokenPlaces): Tensor {
  const { batch, length, longestText, positions } = places;
  if (longestText > maxPositions + 1)
    throw new Failure(
      'beyond-positions',
      `A text has ${longestText} tokens, but the model has learned vectors for ${maxPositions} positions only.`,
      'Shorten it, or choose a model for longer texts.',
      2,
    );
  const data = positions.map((position) => Math.min(position, maxPositions - 1));
  return { data, shape: [batch, length] };
}

const MASKED = -1e9;

/** 0 where a query row may look at a key, a large negative number elsewhere: the future, another record, out of the window. */
function attentionMask(
  patterns: number,
  length: number,
  segments: Int32Array | undefined,
  window = Infinity,
): Float32Array {
  const mask = new Float32Array(patterns * length * length).fill(MASKED);
  for (let b = 0; b < patterns; b++)
    for (let q = 0; q < length; q++) {
      const row = (b * length + q) * length;
      for (let k = Math.max(0, q - window + 1); k <= q; k++)
        if (!segments || segments[b * length + q] === segments[b * length + k]) mask[row + k] = 0;
    }
  return mask;
}
