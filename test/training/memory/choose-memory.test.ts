import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseMemory, freeBytes, memoryQuestion } from '../../../src/training/memory/choose-memory';
import { estimateMemory, totalBytes } from '../../../src/training/memory/estimate';
import { readDecoderConfig } from '../../../src/training/models/config';
import { parseSettings, resolveDefaults } from '../../../src/training/settings';

/** The shape of SmolLM2-135M. */
const config = readDecoderConfig(
  {
    model_type: 'llama',
    hidden_size: 576,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    intermediate_size: 1536,
    vocab_size: 49_152,
    tie_word_embeddings: true,
  },
  join('smollm2', 'config.json'),
);

function question(settings: Readonly<Record<string, unknown>>) {
  const parsed = parseSettings(settings);
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => p.message).join(' '));
  const resolved = resolveDefaults(parsed.settings, { stepsPerEpoch: 10, physicalCores: 2, name: 'a' });
  const tokens = new Int32Array(512);
  const example = { line: 1, tokens, trained: new Uint8Array(512).fill(1), lostTokens: 0, lostTrainedTokens: 0 };
  return memoryQuestion(config, resolved, [example], { length: 512, blocks: 4, headChunks: 4 });
}

describe('the estimate of memory', () => {
  it.each([
    // Peak of the process in bench/train.ts, 1 × 512 tokens, LoRA r 8 on q and v, all of them labelled.
    ['fast', 2224e6],
    ['low', 950e6],
  ] as const)('%s: within a quarter of what was measured', (layout, measured) => {
    const total = totalBytes(estimateMemory({ ...question({ batch_size: 1 }), layout }));
    expect(total / measured).toBeGreaterThan(0.75);
    expect(total / measured).toBeLessThan(1.25);
  });

  it('grows with what grows', () => {
    const total = (settings: Readonly<Record<string, unknown>>): number =>
      totalBytes(estimateMemory({ ...question(settings), layout: 'fast' }));
    const base = total({ batch_size: 1 });
    expect(total({ batch_size: 2 })).toBeGreaterThan(base);
    expect(total({ batch_size: 1, objective: 'dpo' })).toBeGreaterThan(base);
    expect(total({ batch_size: 1, method: 'full' })).toBeGreaterThan(base);
    expect(total({ batch_size: 1, method: 'qlora' })).toBeLessThan(base);
    expect(total({ batch_size: 1, precision: 'bfloat16' })).toBeLessThan(base);
  });
});

describe('memory auto', () => {
  const asked = question({ batch_size: 1 });

  it('takes fast where it fits, else low, and says why', () => {
    expect(chooseMemory('auto', 'cpu', asked, 16e9)).toEqual({
      memory: 'fast',
      reason: expect.stringMatching(/^about \d\.\d GB for fast, 16\.0 GB are free$/) as string,
    });
    expect(chooseMemory('auto', 'cpu', asked, 1.5e9).memory).toBe('low');
  });

  it('does what is asked for', () => {
    expect(chooseMemory('low', 'cpu', asked, 1e12)).toEqual({ memory: 'low' });
    expect(chooseMemory('fast', 'cpu', asked, 1)).toEqual({ memory: 'fast' });
  });

  it('knows what is free', () => {
    expect(freeBytes()).toBeGreaterThan(0);
  });
});
