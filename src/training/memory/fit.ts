/** Whether a run fits into the memory of this machine, and which settings make it fit. */
import { totalmem } from 'node:os';
import { usualTargets } from '../adapters/lora';
import { linearModules } from '../models/tensors';
import type { Settings } from '../settings';
import { FILL, freeBytes } from './choose-memory';
import { type MemoryQuestion, estimateMemory, totalBytes } from './estimate';

export interface Fit {
  readonly needed: number;
  readonly free: number;
  /** Of the machine, or of the limit that a container has. */
  readonly total: number;
  readonly fits: boolean;
  /** Changes that make it fit, the one that costs least first; none where it fits. */
  readonly remedies: readonly Remedy[];
}

export interface Remedy {
  readonly settings: Partial<Settings>;
  readonly needed: number;
}

/** What a run may have. */
export function machineMemory(): Pick<Fit, 'free' | 'total'> {
  const limit = process.constrainedMemory();
  return { free: freeBytes(), total: limit > 0 ? Math.min(totalmem(), limit) : totalmem() };
}

export function fitInto(question: MemoryQuestion, needed: number, { free, total }: Pick<Fit, 'free' | 'total'>): Fit {
  const room = FILL * free;
  const fits = needed <= room;
  return { needed, free, total, fits, remedies: fits ? [] : remedies(question, room) };
}

function remedies(question: MemoryQuestion, room: number): Remedy[] {
  const tried = (settings: Partial<Settings>): Remedy => ({
    settings,
    needed: totalBytes(estimateMemory(changed(question, settings))),
  });
  const alone = ladders(question).flatMap((ladder) => ladder.map(tried).find(({ needed }) => needed <= room) ?? []);
  if (alone.length > 0) return alone;
  // One on top of the other, each as far as it goes.
  let together: Partial<Settings> = {};
  for (const ladder of ladders(question)) {
    together = { ...together, ...ladder.at(-1) };
    const found = tried(together);
    if (found.needed <= room) return [found];
  }
  return [];
}

/** For every setting that saves memory its values, from the nearest to the farthest; those that cost no quality first. */
function ladders({ config, settings, rowTokens }: MemoryQuestion): Partial<Settings>[][] {
  const { batch_size: batch, gradient_accumulation_steps: steps, method, target_modules } = settings;
  const halves = (from: number, least: number): number[] => {
    const values: number[] = [];
    for (let value = Math.floor(from / 2); value >= least; value = Math.floor(value / 2)) values.push(value);
    return values;
  };
  const usual = usualTargets(linearModules(config));
  const fewer = method !== 'full' && target_modules.join() !== usual.join() && target_modules.includes('all-linear');
  return [
    settings.memory === 'low' ? [] : [{ memory: 'low' as const }],
    // The same number of rows for each step.
    halves(batch, 1).map((size) => ({
      batch_size: size,
      gradient_accumulation_steps: Math.round((batch * steps) / size),
    })),
    fewer ? [{ target_modules: usual }] : [],
    method === 'qlora'
      ? []
      : [...(method === 'full' ? [{ method: 'lora' as const }] : []), { method: 'qlora' as const }],
    halves(rowTokens, SHORTEST).map((length) => ({ max_length: length })),
  ].filter((ladder) => ladder.length > 0);
}

/** Below this length few records are whole. */
const SHORTEST = 128;

function changed(question: MemoryQuestion, settings: Partial<Settings>): MemoryQuestion {
  const { max_length: length = Infinity } = settings;
  const rowTokens = Math.min(question.rowTokens, length);
  const merged = { ...question.settings, ...settings };
  const { memory } = merged;
  return {
    ...question,
    settings: {
      ...merged,
      memory: memory === 'low' ? 'low' : 'fast',
      target_modules: settings.target_modules ?? question.settings.target_modules,
    },
    rowTokens,
    rowLabels: Math.min(question.rowLabels, rowTokens * (question.settings.objective === 'dpo' ? 2 : 1)),
  } as MemoryQuestion;
}
