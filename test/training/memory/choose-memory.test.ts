import { describe, expect, it } from 'vitest';
import { chooseMemory, freeBytes } from '../../../src/training/memory/choose-memory';
import { totalBytes } from '../../../src/training/memory/estimate';
import { openQuestion } from './smollm2';

describe('memory auto', () => {
  const asked = openQuestion({ batch_size: 1 });

  it('takes fast where it fits, else low, and says why', () => {
    const plenty = chooseMemory(asked, 16e9);
    expect(plenty.memory).toBe('fast');
    expect(plenty.reason).toMatch(/^about \d\.\d GB for fast, 16\.0 GB are free$/);
    const little = chooseMemory(asked, 1.5e9);
    expect(little.memory).toBe('low');
    expect(totalBytes(little.estimate)).toBeLessThan(totalBytes(plenty.estimate));
  });

  it('does what is asked for', () => {
    const [low, fast] = (['low', 'fast'] as const).map((memory) =>
      chooseMemory({ ...asked, settings: { ...asked.settings, memory } }, 1e9),
    );
    expect([low!.memory, low!.reason]).toEqual(['low', undefined]);
    expect([fast!.memory, fast!.reason]).toEqual(['fast', undefined]);
  });

  it('takes fast on a GPU, whose memory is another one', () => {
    expect(chooseMemory({ ...asked, settings: { ...asked.settings, device: 'webgpu' } }, 1).memory).toBe('fast');
  });

  it('knows what is free', () => {
    expect(freeBytes()).toBeGreaterThan(0);
  });
});
