import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import type { EncodedExample } from '../../src/dataset/example';
import {
  type RowBatch,
  createCollator,
  dropoutPool,
  pack,
  paddingShare,
  planEpoch,
  planEvaluation,
} from '../../src/training/batches';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createTrainingSession } from '../../src/training/session';
import { loadOracle, relativeError } from './oracle';
import { startingAdapter } from './replay';

const example = (line: number, length: number): EncodedExample => ({
  line,
  tokens: new Int32Array(length).map((_, i) => 1 + ((line + i) % 100)),
  trained: new Uint8Array(length).fill(1, length >> 1),
  lostTokens: 0,
  lostTrainedTokens: 0,
});
const random = createRandom(3);
const examples = Array.from({ length: 403 }, (_, i) => example(i + 1, 4 + random.integer(60)));
const lines = (batches: readonly RowBatch[]): number[] => batches.flat(2).map((e) => e.line);
const plan = { batchSize: 4, packing: false, maxLength: 64, seed: 1 };

describe('an epoch', () => {
  it('has every record once, in the same order for the same seed and in another one for the next epoch', () => {
    const first = lines(planEpoch(examples, plan, 0));
    expect([...first].sort((a, b) => a - b)).toEqual(examples.map((e) => e.line));
    expect(lines(planEpoch(examples, plan, 0))).toEqual(first);
    expect(lines(planEpoch(examples, plan, 1))).not.toEqual(first);
    expect(lines(planEpoch(examples, { ...plan, seed: 2 }, 0))).not.toEqual(first);
  });
  it('pads little, since rows of one batch have like lengths', () => {
    const padding = (batches: readonly RowBatch[]): number =>
      batches.reduce((sum, batch) => {
        const sizes = batch.map((row) => row[0]!.tokens.length);
        return sum + sizes.reduce((n, size) => n + Math.max(...sizes) - size, 0);
      }, 0);
    const unsorted = Array.from({ length: 101 }, (_, i) => examples.slice(4 * i, 4 * i + 4).map((e) => [e]));
    expect(padding(planEpoch(examples, plan, 0))).toBeLessThan(padding(unsorted) / 5);
  });
  it('says what share of its places is padding', () => {
    // Rows of 8 and 3 tokens, then one of 9: 16 + 16 places.
    const rows = [[[example(1, 8)], [example(2, 3)]], [[example(3, 9)]]];
    expect(paddingShare(rows)).toBe(1 - 20 / 32);
    // Two records in a row of 11, padded to 16.
    expect(paddingShare([[[example(1, 8), example(2, 3)]]])).toBe(1 - 11 / 16);
    const side = example(2, 5);
    // The rejected answer has a row of its own.
    expect(paddingShare([[[{ ...example(1, 8), rejected: side }]]])).toBe(1 - 13 / 16);
    const share = paddingShare(planEpoch(examples, plan, 0));
    expect(share).toBeLessThan(0.15);
    expect(paddingShare(planEpoch(examples, { ...plan, packing: true }, 0))).toBeLessThan(0.06);
    const { feeds, tokens } = createCollator({
      config: loadOracle('llama-tied').config,
      padId: 0,
      blocks: 1,
      headChunks: 1,
    })(rows[0]!);
    expect(paddingShare([rows[0]!])).toBe(1 - tokens / feeds['ids']!.data.length);
  });
  it('has its batches in no order of length', () => {
    const longest = planEpoch(examples, plan, 0).map((batch) => batch[0]![0]!.tokens.length);
    const falls = longest.filter((length, i) => i > 0 && length < longest[i - 1]!).length;
    expect(falls).toBeGreaterThan(longest.length / 4);
    expect(falls).toBeLessThan((longest.length * 3) / 4);
  });
  it('for evaluation has every record once', () => {
    expect(lines(planEvaluation(examples, 8)).sort((a, b) => a - b)).toEqual(examples.map((e) => e.line));
  });
});

describe('packing', () => {
  it('keeps every record whole and no row too long, and wastes under 5 %', () => {
    const rows = pack(examples, 64);
    expect(
      rows
        .flat()
        .map((e) => e.line)
        .sort((a, b) => a - b),
    ).toEqual(examples.map((e) => e.line));
    const sizes = rows.map((row) => row.reduce((n, e) => n + e.tokens.length, 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
    const used = sizes.reduce((a, b) => a + b, 0);
    expect(used / (64 * rows.length)).toBeGreaterThan(0.95);
  });

  // gemma3 has windows and two sets of angles.
  it.each(['llama-untied', 'gemma3', 'mistral-window', 'gpt2'] as const)(
    '%s: loss and gradients of the same records in rows of their own',
    async (model) => {
      const { dump, config, weights, batches, tensors } = loadOracle(model);
      const records = batches.flat(2);
      const layout = { blocks: 2, headChunks: 2 };
      const collate = createCollator({ config, padId: 0, ...layout });
      const parameters = startingAdapter(tensors).map((p) => ({ ...p, data: tensors.get(`adapter.${p.name}`)!.data }));
      const engine = createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true });
      const options = { engine, weights, config, training: { method: 'lora', lora: dump.lora } as const, ...layout };
      const session = await createTrainingSession(options, parameters);
      const apart = await session.forwardBackward(collate(records.map((e) => [e])), random);
      const packed = pack(records, 64);
      expect(packed.length).toBeLessThan(records.length);
      const together = await session.forwardBackward(collate(packed), random);
      // Record by record: labels come in the order of the records.
      const byRecord = (order: readonly EncodedExample[], nll: Float32Array): Map<EncodedExample, number[]> => {
        let at = 0;
        return new Map(
          order.map((record) => {
            const labels = record.trained.slice(1).reduce((sum, trained) => sum + trained, 0);
            return [record, [...nll.subarray(at, (at += labels))]];
          }),
        );
      };
      const losses = byRecord(packed.flat(), together.nll);
      for (const [record, values] of byRecord(records, apart.nll))
        values.forEach((value, i) => expect(losses.get(record)![i], `line ${record.line}`).toBeCloseTo(value, 4));
      expect(Math.abs(together.loss / apart.loss - 1)).toBeLessThan(1e-5);
      for (const [name, gradient] of apart.gradients)
        expect(relativeError(together.gradients.get(name)!, gradient), name).toBeLessThan(1e-4);
      await session.dispose();
    },
  );
});

describe('a batch', () => {
  const { config } = loadOracle('llama-tied');

  it('predicts a labelled token from the place before it, and never labels the first token', () => {
    const collate = createCollator({ config, padId: 9, blocks: 1, headChunks: 1 });
    const all = { ...example(1, 5), trained: new Uint8Array(5).fill(1) };
    const { feeds, labels, tokens, trainedTokens, rows } = collate([[all], [example(7, 3)]]);
    expect([...feeds.ids!.data]).toEqual([2, 3, 4, 5, 6, 9, 9, 9, 8, 9, 10, 9, 9, 9, 9, 9]);
    expect([...labels]).toEqual([3, 4, 5, 6, 9, 10]);
    expect([...feeds.label_rows!.data]).toEqual([0, 1, 2, 3, 8, 9]);
    expect({ tokens, trainedTokens, rows }).toEqual({ tokens: 8, trainedTokens: 6, rows: 16 });
  });

  it('counts the positions of each packed record from zero, and padding stays within what the model has learned', () => {
    const learned = { ...loadOracle('gpt2').config, maxPositions: 6 };
    const { feeds } = createCollator({ config: learned, padId: 0, blocks: 1, headChunks: 1 })([
      [example(1, 3), example(2, 4)],
      [example(3, 5)],
    ]);
    expect(feeds.positions!.shape).toEqual([2, 8]);
    expect([...feeds.positions!.data]).toEqual([0, 1, 2, 0, 1, 2, 3, 5, 0, 1, 2, 3, 4, 5, 5, 5]);
    const collate = createCollator({ config: learned, padId: 0, blocks: 1, headChunks: 1 });
    expect(() => collate([[example(1, 8)]])).toThrow('A text has 8 tokens, but the model has learned vectors for 6');
  });

  it('hides the future, and what lies outside a sliding window', () => {
    const windows = [true, false].map((windowed) => ({ windowed, rope: 'global' as const }));
    const two = { ...config, slidingWindow: 3, layerKinds: windows };
    const { feeds } = createCollator({ config: two, padId: 0, blocks: 1, headChunks: 1 })([[example(1, 8)]]);
    const seen = (name: string): number[] => {
      const mask = feeds[name]!.data;
      return Array.from({ length: 8 }, (_, q) => [...mask.subarray(8 * q, 8 * q + 8)].filter((x) => x === 0).length);
    };
    expect(seen('mask')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(seen('mask_window')).toEqual([1, 2, 3, 3, 3, 3, 3, 3]);
  });
});

it('dropout drops the wanted share and keeps the expected sum', () => {
  const { data } = dropoutPool(createRandom(5), 400, 50, 0.1);
  const zeros = data.filter((x) => x === 0).length / data.length;
  expect(zeros).toBeGreaterThan(0.09);
  expect(zeros).toBeLessThan(0.11);
  expect([...data].reduce((a, b) => a + b, 0) / data.length).toBeCloseTo(1, 1);
});

describe('a batch of pairs', () => {
  const { config } = loadOracle('llama-tied');
  const pairs = [
    { ...example(1, 6), rejected: example(2, 9) },
    { ...example(3, 12), rejected: example(4, 4) },
  ];
  const references = new Map(pairs.map((pair, i) => [pair, { chosen: -5, rejected: -7 - i }]));
  const batch = createCollator({ config, padId: 0, blocks: 1, headChunks: 4, references })(pairs.map((pair) => [pair]));

  it('holds the chosen answers, then the rejected ones', () => {
    expect(batch.feeds['ids']!.shape).toEqual([4, 16]);
    const rows = [0, 1, 2, 3].map((row) => batch.feeds['ids']!.data[16 * row]);
    expect(rows).toEqual([example(1, 6), example(3, 12), example(2, 9), example(4, 4)].map(({ tokens }) => tokens[0]));
    // Half of each row's tokens are trained, the longer half where they are odd: 3, 6, 5 and 2.
    expect(batch.trainedTokens).toBe(16);
    expect(batch.pairs).toMatchObject([
      { chosen: [0, 3], rejected: [9, 14], reference: { chosen: -5, rejected: -7 } },
      { chosen: [3, 9], rejected: [14, 16], reference: { chosen: -5, rejected: -8 } },
    ]);
  });
  it('says to which side of which pair a label belongs, and where the reference stands', () => {
    const { pair_sides: sides, pair_reference: reference } = batch.feeds;
    expect(sides!.shape).toEqual([2, 16]);
    expect([...sides!.data]).toEqual([
      ...[1, 1, 1, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, 0, 0],
      ...[0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, -1, -1],
    ]);
    expect(reference).toMatchObject({ shape: [2, 1], data: Float32Array.of(2, 3) });
  });
  it('comes with others of like length, by the longer side', () => {
    const many = examples.map((one, i) => ({ ...one, rejected: examples[examples.length - 1 - i]! }));
    const longest = (row: RowBatch[number]): number => Math.max(row[0]!.tokens.length, row[0]!.rejected!.tokens.length);
    for (const rows of planEvaluation(many, 4).slice(0, -1))
      expect(longest(rows[0]!) - longest(rows.at(-1)!)).toBeLessThan(8);
  });
});
