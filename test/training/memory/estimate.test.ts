import { describe, expect, it } from 'vitest';
import { estimateMemory, totalBytes } from '../../../src/training/memory/estimate';
import { question } from './smollm2';

const QV = { target_modules: ['q_proj', 'v_proj'], lora_dropout: 0, gradient_accumulation_steps: 1 };

describe('the estimate of memory', () => {
  it.each([
    // Peak of a process that trains two steps on this shape, every token labelled (ONNX Runtime 1.30, Linux x64).
    ['LoRA, fast, 1 × 512', 'fast', { ...QV, batch_size: 1 }, 512, 2223e6],
    ['LoRA, low, 1 × 512', 'low', { ...QV, batch_size: 1 }, 512, 949e6],
    ['LoRA, fast, 1 × 1024', 'fast', { ...QV, batch_size: 1 }, 1024, 3441e6],
    ['LoRA, fast, 2 × 256', 'fast', { ...QV, batch_size: 2 }, 256, 2130e6],
    ['QLoRA, fast, 1 × 512', 'fast', { ...QV, batch_size: 1, method: 'qlora' }, 512, 1474e6],
    ['QLoRA, low, 1 × 512', 'low', { ...QV, batch_size: 1, method: 'qlora' }, 512, 575e6],
    [
      'all weights, fast, 1 × 512',
      'fast',
      { batch_size: 1, method: 'full', gradient_accumulation_steps: 1 },
      512,
      4346e6,
    ],
  ] as const)('%s: within 15 % of what was measured', (_, memory, settings, tokens, measured) => {
    const total = totalBytes(estimateMemory(question(memory, settings, tokens)));
    expect(total / measured).toBeGreaterThan(0.85);
    expect(total / measured).toBeLessThan(1.15);
  });

  it('grows with what grows', () => {
    const total = (settings: Readonly<Record<string, unknown>>): number =>
      totalBytes(estimateMemory(question('fast', { ...QV, ...settings })));
    const base = total({ batch_size: 1 });
    expect(total({ batch_size: 2 })).toBeGreaterThan(base);
    expect(total({ batch_size: 1, objective: 'dpo' })).toBeGreaterThan(base);
    expect(total({ batch_size: 1, method: 'full' })).toBeGreaterThan(base);
    expect(total({ batch_size: 1, method: 'qlora' })).toBeLessThan(base);
    expect(total({ batch_size: 1, precision: 'bfloat16' })).toBeLessThan(base);
  });

  it('counts the evaluation', () => {
    const asked = question('fast', { ...QV, batch_size: 1 });
    expect(estimateMemory(asked).evaluation).toBe(0);
    // The base is mapped a second time.
    const validated = estimateMemory({ ...asked, validation: true });
    expect(validated.evaluation).toBeGreaterThan(validated.weights);
  });
});
