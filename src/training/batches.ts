/** From tokenised records to what the graph is fed: order of an epoch, rows, padding, labels, masks. All seeded. */
import { type Random, createRandom } from '../common/random';
import { type EncodedExample, sidesOf } from '../dataset/example';
import { attentionFeeds } from './attention-feeds';
import type { Tensor } from './engines/engine';
import type { DecoderConfig } from './models/config';
import { type Pair, type References, pairFeeds, pairsOf } from './preference';
import type { Settings } from './settings';

/** Records that share one row of a batch: one, or several when packing. A pair takes two rows. */
export type Row = readonly EncodedExample[];
export type RowBatch = readonly Row[];

export interface BatchPlan {
  readonly batchSize: number;
  readonly packing: boolean;
  readonly maxLength: number;
  readonly seed: number;
}

export function batchPlan(settings: Settings): BatchPlan {
  const { batch_size, packing, max_length, seed } = settings;
  return { batchSize: batch_size, packing, maxLength: max_length, seed };
}

/** Batches within which lengths are sorted; Hugging Face's `group_by_length` takes 50 as well. */
const BATCHES_PER_GROUP = 50;

/**
 * The batches of one epoch, shuffled. Records of like length come together, so that little is padded: the shuffled
 * order is cut into groups, each group is sorted by length, and the resulting batches are shuffled again.
 */
export function planEpoch(examples: readonly EncodedExample[], plan: BatchPlan, epoch: number): RowBatch[] {
  const random = createRandom(plan.seed, epoch + 1);
  const shuffled = random.shuffle([...examples]);
  if (plan.packing) return chunk(random.shuffle(pack(shuffled, plan.maxLength)), plan.batchSize);
  const rows = shuffled.map((example): Row => [example]);
  const batches = chunk(rows, plan.batchSize * BATCHES_PER_GROUP).flatMap((group) =>
    chunk(
      group.sort((a, b) => lengthOf(b[0]!) - lengthOf(a[0]!)),
      plan.batchSize,
    ),
  );
  return random.shuffle(batches);
}

/** Batches in the order of the file, for evaluation. */
export function planEvaluation(examples: readonly EncodedExample[], batchSize: number): RowBatch[] {
  const byLength = [...examples].sort((a, b) => lengthOf(b) - lengthOf(a));
  return chunk(
    byLength.map((example): Row => [example]),
    batchSize,
  );
}

/** Share of the places of these batches that hold no token of a record. */
export function paddingShare(batches: readonly RowBatch[]): number {
  let places = 0;
  let tokens = 0;
  for (const batch of batches) {
    const rows = sideRows(batch).map((row) => row.reduce((sum, example) => sum + example.tokens.length, 0));
    places += rows.length * Math.ceil(Math.max(...rows) / LENGTH_MULTIPLE) * LENGTH_MULTIPLE;
    tokens += rows.reduce((sum, length) => sum + length, 0);
  }
  return 1 - tokens / places;
}

/** Tokens of the longest row that a batch of these records can have. */
export function longestRow(examples: readonly EncodedExample[], { packing, maxLength }: BatchPlan): number {
  return packing ? maxLength : examples.reduce((max, example) => Math.max(max, lengthOf(example)), 0);
}

/** Tokens of the longer side. */
const lengthOf = (example: EncodedExample): number => Math.max(...sidesOf(example).map(({ tokens }) => tokens.length));

/** Best-fit decreasing (as TRL's "bfd"): the longest record first, each into the fullest row that still has room. */
export function pack(examples: readonly EncodedExample[], maxLength: number): Row[] {
  const rows: EncodedExample[][] = [];
  const byRoom = Array.from({ length: maxLength + 1 }, (): EncodedExample[][] => []);
  for (const example of [...examples].sort((a, b) => b.tokens.length - a.tokens.length)) {
    const size = example.tokens.length;
    let room = size;
    while (room <= maxLength && byRoom[room]!.length === 0) room++;
    let row: EncodedExample[];
    if (room <= maxLength) row = byRoom[room]!.pop()!;
    else {
      row = [];
      rows.push(row);
      room = maxLength;
    }
    row.push(example);
    byRoom[room - size]!.push(row);
  }
  return rows;
}

/** The rows of a batch: of pairs first all chosen answers, then all rejected ones, in the same order. */
function sideRows(records: RowBatch): RowBatch {
  const rejected = records.map((row) => row.flatMap((example) => example.rejected ?? []));
  return rejected.every((row) => row.length === 0) ? records : [...records, ...rejected];
}

export interface CollateOptions {
  readonly config: DecoderConfig;
  readonly padId: number;
  /** The number of tokens in a row is rounded up to a multiple of this. */
  readonly blocks: number;
  /** The number of labels is rounded up to a multiple of this. */
  readonly headChunks: number;
  /** For preference pairs. */
  readonly references?: References | undefined;
}

export interface Batch {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly labels: Int32Array;
  /** Real tokens, padding excluded. */
  readonly tokens: number;
  readonly trainedTokens: number;
  /** Of a batch of preference pairs. */
  readonly pairs?: readonly Pair[];
  /** B·T, padding included. */
  readonly rows: number;
}

const LENGTH_MULTIPLE = 8;

export function createCollator(options: CollateOptions): (rows: RowBatch) => Batch {
  const { config, padId, blocks, headChunks } = options;
  const multiple = leastCommonMultiple(LENGTH_MULTIPLE, blocks);

  return (records) => {
    const rows = sideRows(records);
    const batch = rows.length;
    const longest = Math.max(...rows.map((row) => row.reduce((n, e) => n + e.tokens.length, 0)));
    const length = Math.ceil(longest / multiple) * multiple;
    const packed = rows.some((row) => row.length > 1);
    const ids = new Int32Array(batch * length).fill(padId);
    const places: { row: number; label: number }[] = [];
    const segments = new Int32Array(batch * length).fill(-1);
    const positions = new Int32Array(batch * length);
    const labelEnds: number[] = [];
    let tokens = 0;
    rows.forEach((row, b) => {
      let start = b * length;
      row.forEach((example, segment) => {
        ids.set(example.tokens, start);
        segments.fill(segment, start, start + example.tokens.length);
        for (let t = 0; t < example.tokens.length; t++) {
          positions[start + t] = t;
          // The token at t is predicted from the row before it; the first token of a record is never trained.
          if (t > 0 && example.trained[t] === 1) places.push({ row: start + t - 1, label: example.tokens[t]! });
        }
        start += example.tokens.length;
        tokens += example.tokens.length;
      });
      // Padding goes on counting, so that one row of angles serves the whole unpacked batch.
      for (let t = start; t < (b + 1) * length; t++) positions[t] = t - b * length;
      labelEnds.push(places.length);
    });

    const slots = Math.max(1, Math.ceil(places.length / headChunks)) * headChunks;
    const labelRows = new Int32Array(slots);
    const labels = new Int32Array(slots);
    const labelWeights = new Float32Array(slots);
    const labelPlaces = new Int32Array(batch * length).fill(slots);
    places.forEach(({ row, label }, i) => {
      labelRows[i] = row;
      labels[i] = label;
      labelWeights[i] = 1;
      labelPlaces[row] = i;
    });

    const pairs = rows === records ? undefined : pairsOf(records, labelEnds, options.references);
    const longestText = Math.max(...rows.flatMap((row) => row.map((example) => example.tokens.length)));
    return {
      feeds: {
        ids: { data: ids, shape: [batch, length] },
        ...attentionFeeds(config, { batch, length, longestText, positions, segments: packed ? segments : undefined }),
        label_rows: { data: labelRows, shape: [slots] },
        label_places: { data: labelPlaces, shape: [batch * length] },
        labels: { data: labels, shape: [slots] },
        label_weights: { data: labelWeights, shape: [slots] },
        ...(pairs && pairFeeds(pairs, slots)),
      },
      ...(pairs && { pairs }),
      labels: labels.subarray(0, places.length),
      tokens,
      trainedTokens: places.length,
      rows: batch * length,
    };
  };
}

/**
 * Keep-or-drop factors for one width: (rows + extraRows) × width numbers, 0 with probability p, else 1/(1 − p). Every
 * adapter reads a window of it, one row further on than the one before.
 */
export function dropoutPool(random: Random, rows: number, width: number, p: number): Tensor {
  const keep = 1 / (1 - p);
  const data = new Float32Array(rows * width);
  for (let i = 0; i < data.length; i++) data[i] = random.next() < p ? 0 : keep;
  return { data, shape: [rows, width] };
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function leastCommonMultiple(a: number, b: number): number {
  const gcd = (x: number, y: number): number => (y === 0 ? x : gcd(y, x % y));
  return (a * b) / gcd(a, b);
}
