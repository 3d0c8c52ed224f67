/** What both sides of the training benchmark are given: a base of random weights, and batches of random tokens. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../src/common/random';
import type { EncodedExample } from '../src/dataset/example';
import { type RowBatch, planEpoch } from '../src/training/batches';
import { readDecoderConfig } from '../src/training/models/config';
import { baseTensors } from '../src/training/models/tensors';
import { writeSafetensors } from '../src/training/weights/safetensors';

/** config.json by name of a shape: that of a well-known model, or small enough to try the benchmark itself. */
const SHAPES = {
  'smollm2-135m': decoder('llama', 576, 30, 9, 3, 1536, 49_152, 100_000),
  'smollm2-135m-2x-deep': decoder('llama', 576, 60, 9, 3, 1536, 49_152, 100_000),
  'smollm2-135m-4x-deep': decoder('llama', 576, 120, 9, 3, 1536, 49_152, 100_000),
  'smollm2-360m': decoder('llama', 960, 32, 15, 5, 2560, 49_152, 100_000),
  'qwen2.5-0.5b': decoder('qwen2', 896, 24, 14, 2, 4864, 151_936, 1_000_000),
  tiny: decoder('llama', 64, 2, 4, 2, 160, 512, 10_000),
} as const;

export const SHAPE_NAMES = Object.keys(SHAPES);

export interface TrainingTask {
  readonly shape: string;
  /** 'lora' or 'qlora'. */
  readonly method: string;
  /** As the settings of these names. */
  readonly memory: 'fast' | 'low';
  readonly precision: 'float32' | 'bfloat16' | 'float16';
  /** 'qv' or 'all-linear'. */
  readonly targets: string;
  readonly r: number;
  readonly batchSize: number;
  /** Tokens of a row. */
  readonly tokens: number;
  /** Share of a row that is trained: its end, as in completion-only data. */
  readonly labelled: number;
  /** Steps that are not measured, and steps that are. */
  readonly warmup: number;
  readonly steps: number;
  readonly threads: number;
  readonly seed: number;
}

export interface Measurement {
  readonly tokensPerSecond: number;
  readonly peakMemoryBytes: number;
  /** Measured steps only. */
  readonly stepSeconds: readonly number[];
  /** All steps. */
  readonly losses: readonly number[];
}

/** Folder of a base of this shape below `cache`; written once. Norms are 1, the rest uniform with deviation 0.02. */
export function randomBase(cache: string, shape: string): string {
  const config = Object.entries(SHAPES).find(([name]) => name === shape)?.[1];
  if (!config) throw new Error(`--shape must be one of ${SHAPE_NAMES.join(', ')}.`);
  const folder = join(cache, shape);
  const weights = join(folder, 'model.safetensors');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2));
  if (existsSync(weights)) return folder;
  const random = createRandom(1);
  const width = 2 * 0.02 * Math.sqrt(3);
  const entries = baseTensors(readDecoderConfig(config, folder)).map(({ name, shape: sizes }) => ({
    name,
    dtype: 'F32' as const,
    shape: sizes,
    data: () => {
      const data = new Float32Array(sizes.reduce((n, size) => n * size, 1));
      if (name.includes('norm')) return data.fill(1);
      for (let i = 0; i < data.length; i++) data[i] = (random.next() - 0.5) * width;
      return data;
    },
  }));
  writeSafetensors(weights, entries, { format: 'pt' });
  return folder;
}

/** One record a row, all of them `tokens` long. */
export function taskExamples(task: TrainingTask, vocabulary: number): EncodedExample[] {
  const random = createRandom(task.seed);
  const first = Math.max(1, Math.round(task.tokens * (1 - task.labelled)));
  return Array.from({ length: task.batchSize * (task.warmup + task.steps) }, (_, i) => ({
    line: i + 1,
    tokens: new Int32Array(task.tokens).map(() => random.integer(vocabulary)),
    trained: new Uint8Array(task.tokens).fill(1, first),
    lostTokens: 0,
    lostTrainedTokens: 0,
  }));
}

/** The batches in the order in which our trainer takes them, for peers to read. */
export function batchesJson(task: TrainingTask, examples: readonly EncodedExample[]): string {
  const plan = { batchSize: task.batchSize, packing: false, maxLength: task.tokens, seed: task.seed };
  const batches = planEpoch(examples, plan, 0).map((rows: RowBatch) => ({
    ids: rows.map((row) => [...row[0]!.tokens]),
    labels: rows.map((row) => [...row[0]!.trained]),
  }));
  return JSON.stringify({ batches });
}

function decoder(
  type: 'llama' | 'qwen2',
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  intermediate: number,
  vocabulary: number,
  theta: number,
): Readonly<Record<string, unknown>> {
  return {
    architectures: [type === 'llama' ? 'LlamaForCausalLM' : 'Qwen2ForCausalLM'],
    model_type: type,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: intermediate,
    vocab_size: vocabulary,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: theta,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'float32',
  };
}
