/** The batch that a run takes with `auto_find_batch_size`. */
import type { Settings } from '../settings';
import { FILL, type OpenMemoryQuestion, chooseMemory } from './choose-memory';
import { totalBytes } from './estimate';

export type BatchSize = Pick<Settings, 'batch_size' | 'gradient_accumulation_steps'>;

/**
 * The largest batch that fits, first with `memory` fast where that is open, with as many rows a step as the settings have;
 * one row where none fits. On a GPU that of the settings, since what is free there is not known to every driver.
 */
export function findBatchSize(question: OpenMemoryQuestion, freeBytes: number): BatchSize {
  const { batch_size, gradient_accumulation_steps, device } = question.settings;
  if (device !== 'cpu') return { batch_size, gradient_accumulation_steps };
  const rows = batch_size * gradient_accumulation_steps;
  let fallback: BatchSize | undefined;
  for (let size = rows; ; size /= 2) {
    const batch = { batch_size: size, gradient_accumulation_steps: rows / size };
    const { memory, estimate } = chooseMemory({ ...question, settings: { ...question.settings, ...batch } }, freeBytes);
    const fits = totalBytes(estimate) <= FILL * freeBytes;
    if (fits && (memory === 'fast' || question.settings.memory !== 'auto')) return batch;
    if (fits) fallback ??= batch;
    if (size % 2 !== 0) return fallback ?? batch;
  }
}
