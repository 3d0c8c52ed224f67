import { describe, expect, it } from 'vitest';
import { findBatchSize } from '../../../src/training/memory/batch-size';
import { chooseMemory } from '../../../src/training/memory/choose-memory';
import { totalBytes } from '../../../src/training/memory/estimate';
import { openQuestion } from './smollm2';

const settings = { batch_size: 4, gradient_accumulation_steps: 4 };
const needed = (written: Readonly<Record<string, unknown>>): number =>
  totalBytes(chooseMemory(openQuestion(written, 128), Infinity).estimate);

describe('the batch that fits', () => {
  it('is the largest one, with the rows of a step kept', () => {
    const question = openQuestion(settings, 128);
    const eight = needed({ batch_size: 8, gradient_accumulation_steps: 2 });
    const sixteen = needed({ batch_size: 16, gradient_accumulation_steps: 1 });
    expect(eight).toBeLessThan(sixteen);
    const between = (eight + sixteen) / 2 / 0.9;
    expect(findBatchSize(question, between)).toEqual({ batch_size: 8, gradient_accumulation_steps: 2 });
    expect(findBatchSize(question, 1.2 * sixteen)).toEqual({ batch_size: 16, gradient_accumulation_steps: 1 });
  });

  it('is smaller before memory is low, and low before it is given up', () => {
    const one = needed({ batch_size: 1, gradient_accumulation_steps: 16 });
    expect(findBatchSize(openQuestion(settings, 128), (1.01 * one) / 0.9).batch_size).toBe(1);
    const low = findBatchSize(openQuestion(settings, 128), 1e9);
    expect(chooseMemory(openQuestion({ ...settings, ...low }, 128), 1e9).memory).toBe('low');
    expect(low.batch_size).toBeGreaterThan(1);
    expect(findBatchSize(openQuestion(settings, 128), 1e6).batch_size).toBe(1);
  });

  it('halves as far as the rows allow, and is left alone on a GPU', () => {
    const odd = { batch_size: 3, gradient_accumulation_steps: 4 };
    expect(findBatchSize(openQuestion(odd, 128), 1e6)).toEqual({ batch_size: 3, gradient_accumulation_steps: 4 });
    expect(findBatchSize(openQuestion({ ...settings, device: 'cuda' }, 128), 1e6)).toEqual(settings);
  });
});
