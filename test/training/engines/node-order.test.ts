import { expect, it } from 'vitest';
import { independentOfBatch } from '../../../src/training/engines/node-order';
import * as f from '../../../src/training/graph/functions';
import { Graph, reachable } from '../../../src/training/graph/graph';
import { nf4Weight } from '../../../src/training/graph/nf4';

it.each(['weight', 'input'] as const)('decoding comes before everything that a batch goes into (%s)', (kind) => {
  const g = new Graph();
  const x = g.input('x', ['B', 128]);
  const options = { doubleQuantization: true, fused: false };
  const weight = nf4Weight(g, 'w', [64, 128], options, (name, shape, type) => g[kind](name, shape, type));
  const y = f.linear(g, x, weight);
  const [dx] = g.gradients(y, [x], g.input('dy', ['B', 64]));
  const values = reachable([y, dx!]);
  const early = independentOfBatch(values);
  const kinds = (wanted: boolean): string[] =>
    values.filter(({ id }) => early.has(id) === wanted).map(({ operation }) => operation.kind);
  // Two tables of values; forward and backward decode for themselves.
  const decoding = ['gather', 'gather', 'multiply', 'multiply', 'add'];
  expect(kinds(true).filter((k) => decoding.includes(k))).toHaveLength(2 * decoding.length);
  expect(kinds(false).sort()).toEqual(['gemm', 'gemm', 'input', 'input']);
});
