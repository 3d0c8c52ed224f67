/** Which layout a run takes when the setting leaves it open. */
import { freemem } from 'node:os';
import { type EncodedExample, sidesOf } from '../../dataset/example';
import { batchPlan, longestRow } from '../batches';
import type { ResolvedSettings } from '../settings';
import { gigabytes } from './gigabytes';
import { type MemoryEstimate, type MemoryQuestion, estimateMemory, totalBytes } from './estimate';

/** `memory` may still be auto. */
export type OpenMemoryQuestion = Omit<MemoryQuestion, 'settings'> & { readonly settings: ResolvedSettings };

export interface MemoryChoice {
  readonly memory: 'fast' | 'low';
  readonly estimate: MemoryEstimate;
  /** Where it was chosen for the user. */
  readonly reason?: string;
}

/** Share of the free memory that a run may fill: other programs live too. */
export const FILL = 0.9;

export function chooseMemory(question: OpenMemoryQuestion, freeBytes: number): MemoryChoice {
  const { memory: wish, device } = question.settings;
  const choose = (memory: 'fast' | 'low'): MemoryChoice => ({
    memory,
    estimate: estimateMemory({ ...question, settings: { ...question.settings, memory } }),
  });
  // What a GPU has free is not known to every driver, so it is not asked.
  if (wish !== 'auto' || device !== 'cpu') return choose(wish === 'auto' ? 'fast' : wish);
  const fast = choose('fast');
  const needed = totalBytes(fast.estimate);
  const reason = `about ${gigabytes(needed)} for fast, ${gigabytes(freeBytes)} are free`;
  return { ...(needed <= FILL * freeBytes ? fast : choose('low')), reason };
}

/** What the estimate must know of the data. */
export function dataSizes(
  settings: ResolvedSettings,
  { train, validation }: { readonly train: readonly EncodedExample[]; readonly validation: readonly EncodedExample[] },
): Pick<MemoryQuestion, 'rowTokens' | 'rowLabels' | 'validation'> {
  const labels = (example: EncodedExample): number =>
    sidesOf(example).reduce((sum, side) => sum + side.trained.reduce((n, flag) => n + flag, 0), 0);
  const all = [...train, ...validation];
  return {
    rowTokens: longestRow(all, batchPlan(settings)),
    rowLabels: all.reduce((most, example) => Math.max(most, labels(example)), 1),
    validation: validation.length > 0,
  };
}

/** What this process may still take: of the machine, and of the limit that a container or a service has. */
export function freeBytes(): number {
  const limit = process.constrainedMemory();
  const left = limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit - process.memoryUsage.rss() : Infinity;
  return Math.min(freemem(), left);
}
