/** Which layout a run takes when the setting leaves it open. */
import { freemem } from 'node:os';
import { type EncodedExample, sidesOf } from '../../dataset/example';
import { isTarget } from '../adapters/lora';
import type { DecoderConfig } from '../models/config';
import { baseTensors, linearModules } from '../models/tensors';
import type { ResolvedSettings } from '../settings';
import { type MemoryQuestion, estimateMemory, totalBytes } from './estimate';

export interface MemoryChoice {
  readonly memory: 'fast' | 'low';
  /** Where it was chosen for the user. */
  readonly reason?: string;
}

/** Share of the free memory that a run may fill: the estimate is rough, and other programs live too. */
const FILL = 0.85;

/** `question` is about the processor's memory; what a GPU has free is not known to every driver, so it is not asked. */
export function chooseMemory(
  setting: 'auto' | 'fast' | 'low',
  device: string,
  question: Omit<MemoryQuestion, 'layout'>,
  freeBytes: number,
): MemoryChoice {
  if (setting !== 'auto') return { memory: setting };
  if (device !== 'cpu') return { memory: 'fast' };
  const needed = totalBytes(estimateMemory({ ...question, layout: 'fast' }));
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const numbers = `about ${gigabytes(needed)} for fast, ${gigabytes(freeBytes)} are free`;
  return needed <= FILL * freeBytes ? { memory: 'fast', reason: numbers } : { memory: 'low', reason: numbers };
}

/** What the estimate must know of a run, `length` being that of its longest row. */
export function memoryQuestion(
  config: DecoderConfig,
  settings: ResolvedSettings,
  examples: readonly EncodedExample[],
  layout: { readonly length: number; readonly blocks: number; readonly headChunks: number },
): Omit<MemoryQuestion, 'layout'> {
  const { method, precision, r, target_modules, batch_size } = settings;
  const trained = (example: EncodedExample): number =>
    sidesOf(example).reduce((sum, side) => sum + side.trained.reduce((n, flag) => n + flag, 0), 0);
  const most = examples.reduce((max, example) => Math.max(max, trained(example)), 1);
  const rows = batch_size * (settings.objective === 'dpo' ? 2 : 1);
  const targets = linearModules(config).filter(({ module }) => isTarget(module, target_modules));
  const all = baseTensors(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return {
    config,
    method,
    bytesPerWeight: precision === 'float32' ? 4 : 2,
    trainedNumbers:
      method === 'full'
        ? all
        : targets.reduce((sum, { inFeatures, outFeatures }) => sum + r * (inFeatures + outFeatures), 0),
    rows,
    labelled: settings.packing ? rows * layout.length : batch_size * most,
    ...layout,
  };
}

/** What this process may still take: of the machine, and of the limit that a container or a service has. */
export function freeBytes(): number {
  const limit = process.constrainedMemory();
  const left = limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit - process.memoryUsage.rss() : Infinity;
  return Math.min(freemem(), left);
}
