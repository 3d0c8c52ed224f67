import { Failure } from '../common/failure';
import { MEMORY_ITEMS, type MemoryEstimate } from '../training/memory/estimate';
import { estimateRun } from '../training/memory/estimate-run';
import { gigabytes } from '../training/memory/gigabytes';
import { remedyText } from '../training/preflight/memory-check';
import type { Settings } from '../training/settings';
import { countText } from './words';

/**
 * A line for the confirmation: what the run may take when its rows are as long as max_length, and what makes it fit where
 * it does not. `undefined` for a model that cannot be read, which the run explains.
 */
export function memoryText(settings: Settings): string | undefined {
  const { model } = settings;
  if (model === null) return undefined;
  try {
    // The records would have to be tokenised for more, which the run does in a process of its own.
    const { needed, free, fits, remedies, memory, items } = estimateRun({ ...settings, model, train_file: null });
    const most = `Memory: at most ${gigabytes(needed)} with records of ${countText(settings.max_length)} tokens (${memory}: ${itemsText(items)}), ${gigabytes(free)} are free`;
    if (fits) return most;
    const [first] = remedies;
    return `${most}: it may not fit. ${first ? `It fits with ${remedyText(first)} (${gigabytes(first.needed)}).` : 'Choose a smaller model.'}`;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The items from the largest on, without those that would read as nothing. */
function itemsText(items: MemoryEstimate): string {
  return (Object.keys(MEMORY_ITEMS) as (keyof MemoryEstimate)[])
    .filter((key) => items[key] >= LEAST_SHOWN)
    .sort((a, b) => items[b] - items[a])
    .map((key) => `${MEMORY_ITEMS[key]} ${gigabytes(items[key])}`)
    .join(', ');
}

const LEAST_SHOWN = 0.05e9;
