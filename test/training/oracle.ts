/** Loads the numbers that scripts/oracles/training/make_dumps.py computed with PyTorch, transformers and PEFT. */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncodedExample } from '../../src/dataset/example';
import type { RowBatch } from '../../src/training/batches';
import type { WeightSource } from '../../src/training/engines/engine';
import { readDecoderConfig } from '../../src/training/models/config';
import { writeSafetensors } from '../../src/training/weights/safetensors';

export const MODELS = [
  'llama-tied',
  'llama-untied',
  'mistral',
  'qwen2',
  'smollm2',
  'llama3-rope',
  'llama-yarn',
  'qwen3',
  'smollm3',
  'gemma2',
  'gemma3',
  'phi3',
  'phi3-longrope',
  'mistral-window',
  'llama-dynamic',
  'gpt2',
] as const;

interface DumpBatch {
  readonly ids: number[][];
  readonly labels: number[][];
  readonly lengths: number[];
}
export interface DumpStep {
  readonly batches: number[];
  readonly loss: number;
  readonly trainedTokens: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}
export interface DumpTraining {
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly steps: DumpStep[];
}
interface Dump {
  readonly batches: DumpBatch[];
  readonly lora: { r: number; alpha: number; dropout: number; targetModules: string[] };
  readonly gradient: { summedLoss: number; baseSummedLoss: number; trainedTokens: number; loss: number };
  readonly training: DumpTraining;
  readonly full?: DumpTraining & { gradient: { summedLoss: number; loss: number; trainedTokens: number } };
}

export interface DumpTensor {
  readonly shape: number[];
  readonly data: Float32Array;
}

export function loadOracle(model: string) {
  const folder = join(__dirname, 'oracles', model);
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const dump = read('dump.json') as Dump;
  const config = readDecoderConfig(read('config.json') as Record<string, unknown>, folder);
  const stored = join(folder, 'model.safetensors');
  const weightsFile = config.family === 'gpt2' ? turnedCopy(stored) : stored;
  const ranges = header(weightsFile);
  const weights: WeightSource = {
    location: (name) => {
      const range = ranges.get(name);
      if (!range) throw new Error(`No weight ${name}.`);
      return { file: weightsFile, offset: range.offset, bytes: range.bytes };
    },
  };
  return {
    folder,
    weightsFile,
    dump,
    config,
    weights,
    tensors: turned(readTensors(join(folder, 'dump.safetensors'))),
    base: readTensors(weightsFile),
    batch: (index: number): RowBatch => toRows(dump.batches[index]!),
    batches: dump.batches.map(toRows),
  };
}

interface DumpGradient {
  readonly batch: number;
  readonly summedLoss: number;
  readonly trainedTokens: number;
}
interface MethodDump {
  readonly model: string;
  readonly lora: Dump['lora'] & { readonly rslora?: boolean; readonly dora?: boolean };
  readonly training?: DumpTraining;
  readonly gradient?: DumpGradient;
  readonly full?: DumpGradient;
  readonly loraplus?: number;
  readonly neftuneAlpha?: number;
  readonly labelSmoothing?: number;
  readonly doubleQuantization?: boolean;
}

/** What scripts/oracles/training/make_methods.py wrote about one method on one of the models. */
export function loadMethod(name: string) {
  const path = join(__dirname, 'oracles', 'methods', name);
  const dump = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as MethodDump;
  return { dump, tensors: existsSync(`${path}.safetensors`) ? readTensors(`${path}.safetensors`) : new Map() };
}

/** Every position is labelled: for the comparison of all logits. */
export function labelEverything(rows: RowBatch): RowBatch {
  return rows.map((row) => row.map((example) => ({ ...example, trained: example.trained.map(() => 1) })));
}

function toRows({ ids, labels, lengths }: DumpBatch): RowBatch {
  return ids.map((row, b) => {
    const example: EncodedExample = {
      line: b + 1,
      tokens: Int32Array.from(row.slice(0, lengths[b])),
      trained: Uint8Array.from(labels[b]!.slice(0, lengths[b])),
      lostTokens: 0,
      lostTrainedTokens: 0,
    };
    return [example];
  });
}

// A reader of its own, so that the product's reader is not part of what it is compared with.
function header(file: string): Map<string, { offset: number; bytes: number; shape: number[] }> {
  const bytes = readFileSync(file);
  const size = Number(bytes.readBigUInt64LE(0));
  const json = JSON.parse(bytes.toString('utf8', 8, 8 + size)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(json)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            shape,
            data_offsets: [start, end],
          },
        ]) => [name, { offset: 8 + size + start, bytes: end - start, shape }],
      ),
  );
}

export function readTensors(file: string): Map<string, DumpTensor> {
  const bytes = readFileSync(file);
  return new Map(
    [...header(file)].map(([name, { offset, bytes: length, shape }]) => [
      name,
      {
        shape,
        data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length)),
      },
    ]),
  );
}

/** PyTorch's GPT-2 has its linear weights [in, out], this trainer has all of them [out, in]. */
function turned(tensors: Map<string, DumpTensor>): Map<string, DumpTensor> {
  return new Map(
    [...tensors].map(([name, { shape, data }]) => {
      if (!/\.c_(attn|proj|fc)\.weight$/.test(name)) return [name, { shape, data }];
      const [rows, columns] = shape as [number, number];
      const values = data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
      return [name, { shape: [columns, rows], data: values }];
    }),
  );
}

/** A copy of a GPT-2's weights file with its linear weights turned. */
function turnedCopy(file: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'gpt2-oracle-')), 'model.safetensors');
  const entries = [...turned(readTensors(file))].map(([name, tensor]) => ({ name, dtype: 'F32' as const, ...tensor }));
  writeSafetensors(copy, entries, {});
  return copy;
}

/** ‖actual − expected‖ / ‖expected‖ */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers against ${expected.length}.`);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / Math.max(norm, 1e-30));
}
