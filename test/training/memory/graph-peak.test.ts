import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/training/graph/graph';
import { graphBytes } from '../../../src/training/memory/graph-peak';

describe('the memory of a graph', () => {
  const sizes = new Map([['T', 10]]);

  it('is what lives at once: results take the place of what nobody reads any more', () => {
    const g = new Graph();
    const x = g.input('x', ['T', 5]); // 200 bytes
    const chain = g.sigmoid(g.tanh(g.tanh(x)));
    expect(graphBytes([chain], sizes)).toMatchObject({ peak: 200, outputs: 200, feeds: 200, packed: 0 });
    const kept = g.tanh(x);
    expect(graphBytes([g.multiply(kept, g.sigmoid(kept))], sizes).peak).toBe(400);
  });

  it('counts reshaped values once, and products apart from their factors', () => {
    const g = new Graph();
    const a = g.tanh(g.input('a', ['T', 5]));
    const b = g.reshape(a, [5, 'T']);
    expect(graphBytes([g.gemm(b, a)], sizes).peak).toBe(200 + 100);
  });

  it('packs a frozen matrix once for every product, but no table', () => {
    const g = new Graph();
    const matrix = g.weight('w', [5, 5]);
    const x = g.input('x', ['T', 5]);
    const twice = g.gemm(g.gemm(x, matrix), matrix, { transposeB: true });
    expect(graphBytes([twice], sizes).packed).toBe(200);
    const rows = g.gather(matrix, g.input('ids', ['T'], 'int32'));
    expect(graphBytes([twice, rows], sizes).packed).toBe(0);
  });
});
