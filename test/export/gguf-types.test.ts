import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { encoded, typeOf } from '../../src/export/gguf-types';

// Made by scripts/oracles/gguf_blocks.py with llama.cpp's own code.
const oracle = JSON.parse(readFileSync(join(__dirname, 'oracles', 'gguf-blocks.json'), 'utf8')) as {
  values: string;
  blocks: Record<'Q8_0' | 'Q4_0' | 'Q6_K', string>;
};
const values = new Float32Array(new Uint8Array(Buffer.from(oracle.values, 'base64')).buffer);

describe('numbers as blocks', () => {
  test.each(['Q8_0', 'Q4_0', 'Q6_K'] as const)('%s, byte by byte', (type) => {
    const expected = Buffer.from(oracle.blocks[type], 'base64');
    const found = Buffer.concat([...encoded(values, type)]);
    expect(found.length).toBe(expected.length);
    expect([...found].flatMap((byte, i) => (byte === expected[i] ? [] : [i]))).toEqual([]);
  });

  it('in parts, too', () => {
    const many = new Float32Array((1 << 20) + 64).map((_, i) => Math.sin(i));
    const [first, last] = [...encoded(many, 'Q8_0')];
    expect(Buffer.concat([...encoded(many.subarray(0, 32), 'Q8_0')]).equals(first!.subarray(0, 34))).toBe(true);
    expect(Buffer.concat([...encoded(many.subarray(-32), 'Q8_0')]).equals(last!.subarray(-34))).toBe(true);
  });
});

describe('types of tensors', () => {
  const tied = { tied: true };
  it.each([
    ['blk.0.attn_norm.weight', [64], 'Q4_0', tied, 'F32'],
    ['blk.0.attn_q.bias', [64], 'F16', tied, 'F32'],
    ['position_embd.weight', [64, 64], 'F16', tied, 'F32'],
    ['blk.0.ffn_up.weight', [64, 64], 'F16', tied, 'F16'],
    ['blk.0.ffn_up.weight', [64, 64], 'Q4_0', tied, 'Q4_0'],
    ['blk.0.ffn_up.weight', [64, 40], 'Q4_0', tied, 'F16'],
    ['token_embd.weight', [64, 512], 'Q8_0', tied, 'Q8_0'],
    ['token_embd.weight', [64, 512], 'Q4_0', tied, 'Q6_K'],
    ['token_embd.weight', [64, 576], 'Q4_0', tied, 'Q8_0'],
    ['token_embd.weight', [64, 512], 'Q4_0', { tied: false }, 'Q4_0'],
    ['output.weight', [64, 512], 'Q4_0', { tied: false }, 'Q6_K'],
  ] as const)('%s %j in %s', (name, shape, wanted, embedding, expected) => {
    expect(typeOf(name, shape, wanted, embedding)).toBe(expected);
  });
});
