import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/common/failure';
import { createTextStream, requireRoom } from '../../../src/evaluation/generation/answer-parts';

describe('streamed text', () => {
  it('tells whole characters only, and the rest at the end', () => {
    const bytes = new TextEncoder().encode('aé👍\u{1F44D}b');
    const decode = (tokens: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(tokens));
    const told: string[] = [];
    const stream = createTextStream(decode, (text) => told.push(text));
    bytes.forEach((_, i) => stream([...bytes.slice(0, i + 1)], false));
    expect(told).toEqual(['a', 'é', '👍', '👍', 'b']);
    stream([...bytes, 0xf0], false);
    expect(told.length).toBe(5);
    stream([...bytes, 0xf0], true);
    expect(told.at(-1)).toBe('\uFFFD');
  });
});

describe('room', () => {
  it('refuses what does not fit', () => {
    expect(() => requireRoom(new Int32Array(7), 1, 8)).not.toThrow();
    expect(() => requireRoom(new Int32Array(8), 1, 8)).toThrow(Failure);
    expect(() => requireRoom(new Int32Array(0), 1, 8)).toThrow('empty');
  });
});
