/** What is random in one pass of training, as inputs of its graph. The same state of `random` draws the same. */
import type { Random } from '../common/random';
import { type Batch, dropoutPool } from './batches';
import type { Tensor, Tensors } from './engines/engine';
import { EMBEDDING_NOISE } from './models/layer';
import type { DropoutPool } from './models/modules';

export interface NoiseOptions {
  readonly dropoutPools: readonly DropoutPool[];
  readonly dropout: number;
  /** NEFTune's alpha; without it the embeddings stay as they are. */
  readonly neftuneAlpha: number | null;
  readonly hidden: number;
}

export function drawNoise(random: Random, batch: Pick<Batch, 'rows' | 'feeds'>, options: NoiseOptions): Tensors {
  const { dropoutPools, dropout, neftuneAlpha, hidden } = options;
  const feeds: Record<string, Tensor> = {};
  for (const { input, width, extraRows } of dropoutPools)
    feeds[input] = dropoutPool(random, batch.rows + extraRows, width, dropout);
  if (neftuneAlpha === null) return feeds;
  const length = batch.feeds.ids!.shape[1]!;
  return { ...feeds, [EMBEDDING_NOISE]: embeddingNoise(random, batch.rows, length, hidden, neftuneAlpha) };
}

/** NEFTune (Jain et al. 2023): uniform within ± alpha / √(length · hidden), the length being that of a row with its padding, as in transformers. */
function embeddingNoise(random: Random, rows: number, length: number, hidden: number, alpha: number): Tensor {
  const bound = alpha / Math.sqrt(length * hidden);
  const data = new Float32Array(rows * hidden);
  for (let i = 0; i < data.length; i++) data[i] = (random.next() * 2 - 1) * bound;
  return { data, shape: [rows, hidden] };
}
