/** What TRL's DPOTrainer measured: see scripts/oracles/training/make_dpo.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedExample } from '../../src/dataset/example';
import type { Rewards } from '../../src/training/protocol';

type DumpPair = readonly [prompt: number[], chosen: number[], rejected: number[]];

interface DpoRun {
  readonly model: string;
  readonly method: 'lora' | 'full';
  readonly beta: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly accumulated: number;
  readonly pairs: readonly DumpPair[];
  readonly validation: readonly DumpPair[];
  readonly steps: readonly {
    readonly loss: number;
    readonly gradientNorm: number;
    readonly learningRate: number;
    readonly rewards: Rewards;
  }[];
  readonly evaluations: readonly { readonly loss: number; readonly rewards: Rewards; readonly tokenAccuracy: number }[];
}

export const DPO_RUNS = JSON.parse(readFileSync(join(__dirname, 'oracles', 'dpo.json'), 'utf8')) as Readonly<
  Record<'lora' | 'capped' | 'full', DpoRun>
>;

export function toExample([prompt, chosen, rejected]: DumpPair, index: number): EncodedExample {
  const side = (answer: readonly number[]): EncodedExample => ({
    line: index + 1,
    tokens: Int32Array.from([...prompt, ...answer]),
    trained: Uint8Array.from([...prompt.map(() => 0), ...answer.map(() => 1)]),
    lostTokens: 0,
    lostTrainedTokens: 0,
  });
  return { ...side(chosen), rejected: side(rejected) };
}
