import { describe, expect, it } from 'vitest';
import { estimateMemory, totalBytes } from '../../../src/training/memory/estimate';
import { fitInto } from '../../../src/training/memory/fit';
import { memoryFindings } from '../../../src/training/preflight/memory-check';
import { question } from './smollm2';

describe('a run that does not fit', () => {
  const asked = question('fast', { batch_size: 4, target_modules: ['all-linear'], lora_dropout: 0 });
  const needed = totalBytes(estimateMemory(asked));

  it('is told what makes it fit, each with its figure', () => {
    const { fits, remedies } = fitInto(asked, needed, { free: needed / 1.5, total: 64e9 });
    expect(fits).toBe(false);
    expect(remedies[0]!.settings).toEqual({ memory: 'low' });
    for (const one of remedies) expect(one.needed).toBeLessThanOrEqual((0.9 * needed) / 1.5);
    const smaller = remedies.find(({ settings }) => settings.batch_size !== undefined)!.settings;
    // As many rows a step as before.
    expect(smaller.batch_size! * smaller.gradient_accumulation_steps!).toBe(16);
  });

  it('is told several changes where one is not enough', () => {
    const low = question('low', { batch_size: 4, target_modules: ['all-linear'], lora_dropout: 0 });
    const { remedies } = fitInto(low, totalBytes(estimateMemory(low)), { free: 0.65e9, total: 64e9 });
    expect(remedies).toHaveLength(1);
    expect(remedies[0]!.settings).toMatchObject({ batch_size: 1, method: 'qlora' });
  });

  it('warns where the memory is taken, and blocks where there is not so much', () => {
    const taken = memoryFindings(fitInto(asked, needed, { free: needed / 2, total: 2 * needed }));
    expect(taken).toMatchObject([{ code: 'memory', severity: 'warns' }]);
    expect(taken[0]!.hint).toMatch(/^It fits with memory low \(\d\.\d GB\)\./);
    const none = memoryFindings(fitInto(asked, needed, { free: 1e8, total: 2e8 }));
    expect(none).toMatchObject([{ code: 'memory', severity: 'blocks' }]);
    expect(none[0]!.hint).toMatch(/^No setting makes it fit/);
  });

  it('says nothing where it fits', () => {
    expect(memoryFindings(fitInto(asked, needed, { free: 2 * needed, total: 2 * needed }))).toEqual([]);
  });
});
