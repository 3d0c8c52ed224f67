/** Logits of a model: by llama.cpp in a process of its own, and by the engine that trains. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Subject } from '../../src/evaluation/subject';
import { createCollator } from '../../src/training/batches';
import { locateWeights, weightForms } from '../../src/training/base';
import { createOnnxRuntimeEngine } from '../../src/training/engines/onnxruntime';
import { createEvaluationSession } from '../../src/training/session';

export interface LlamaJob {
  readonly model: string;
  readonly adapter?: string;
  /** Whose logits are wanted, after each one. */
  readonly tokens?: readonly number[];
  /** Texts to tokenize, special tokens recognised. */
  readonly texts?: readonly string[];
  readonly contextSize?: number;
}
export interface LlamaResult {
  readonly logits?: readonly number[][];
  readonly tokenized: readonly number[][];
  readonly eog: readonly (number | null)[];
}

export function runLlama(jobs: readonly LlamaJob[]): LlamaResult[] {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [join(__dirname, 'llama-child.mjs')], {
    input: JSON.stringify(jobs),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`llama.cpp ended with ${String(signal ?? status)}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.slice(stdout.indexOf('[{'))) as LlamaResult[];
}

/** After each of the tokens but the last one. */
export async function ownLogits(subject: Subject, tokens: readonly number[], scratch: string): Promise<number[][]> {
  const { model, checked, adapter, nf4 } = subject;
  const { config } = checked;
  const layout = { blocks: 1, headChunks: 1 };
  const formOf = weightForms(
    config,
    {
      method: nf4 ? 'qlora' : 'lora',
      bnb_4bit_use_double_quant: nf4?.doubleQuant === true,
      precision: 'float32',
      memory: 'fast',
      device: 'cpu',
    },
    model,
  );
  const session = await createEvaluationSession(
    {
      engine: createOnnxRuntimeEngine({ device: 'cpu', threads: 1, prepack: true }),
      weights: locateWeights(model, checked.tensors, scratch, { formOf }),
      config,
      training: adapter ? { method: 'lora', lora: adapter.lora } : { method: 'none' },
      ...layout,
    },
    adapter?.parameters ?? [],
  );
  const example = { line: 1, tokens: Int32Array.from(tokens), trained: new Uint8Array(tokens.length).fill(1) };
  const batch = createCollator({ config, padId: 0, ...layout })([
    [{ ...example, lostTokens: 0, lostTrainedTokens: 0 }],
  ]);
  const { data } = await session.logits(batch);
  await session.dispose();
  return Array.from({ length: tokens.length - 1 }, (_, row) => [
    ...(data.subarray(row * config.vocabulary, (row + 1) * config.vocabulary) as Float32Array),
  ]);
}

/** Largest difference of log-probabilities. */
export function largestDifference(a: readonly number[][], b: readonly number[][]): number {
  let largest = 0;
  a.forEach((row, i) => {
    const [left, right] = [logProbabilities(row), logProbabilities(b[i]!)];
    left.forEach((value, token) => {
      const difference = Math.abs(value - right[token]!);
      largest = Number.isNaN(difference) ? NaN : Math.max(largest, difference);
    });
  });
  return largest;
}

function logProbabilities(logits: readonly number[]): number[] {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit - highest), 0)) + highest;
  return logits.map((logit) => logit - sum);
}
