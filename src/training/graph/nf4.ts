/**
 * Frozen weights in NF4, the 4-bit type of QLoRA (Dettmers et al. 2023), as values of a graph. The layout is that of
 * bitsandbytes: the matrix row by row in blocks of 64 numbers, each block with the largest magnitude in it (its
 * scale), two codes a byte, the first in the high half. Double quantisation keeps the scales themselves in 8 bits, in
 * blocks of 256 that have a 32-bit scale, after their mean is taken away. weights/nf4.ts makes what is decoded here.
 */
import type { DataType, Graph, Value } from './graph';

/** Weights that share a scale. */
export const NF4_BLOCK = 64;
/** Scales that share a scale of their own. */
export const SCALE_BLOCK = 256;

/** What the 16 codes stand for: quantiles of the normal distribution; bitsandbytes' numbers. */
export const NF4_VALUES = Float32Array.of(
  ...[-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334],
  ...[-0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224],
  ...[0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1],
);

/** Names of the tensors that stand for the weight `name`. */
export const nf4Names = (name: string) => ({
  codes: `${name}.codes`,
  scales: `${name}.absmax`,
  scaleScales: `${name}.nested_absmax`,
  offset: `${name}.nested_offset`,
});

/** How many blocks a weight of this shape has, and how many blocks their scales have; the last ones are filled up. */
export function nf4Sizes(shape: readonly number[]): { blocks: number; scaleBlocks: number } {
  const blocks = Math.ceil(product(...shape) / NF4_BLOCK);
  return { blocks, scaleBlocks: Math.ceil(blocks / SCALE_BLOCK) };
}

export interface Nf4Options {
  readonly doubleQuantization: boolean;
  /** Whether the engine has a product that decodes as it goes. */
  readonly fused: boolean;
}

/** The frozen weight `name` [out, in], of the data type nf4: no numbers, but `Graph.float` and `f.linear` take it. */
export function nf4Weight(
  g: Graph,
  name: string,
  shape: readonly number[],
  { doubleQuantization, fused }: Nf4Options,
  tensor: (name: string, shape: readonly number[], type: DataType) => Value,
): Value {
  const { blocks, scaleBlocks } = nf4Sizes(shape);
  const names = nf4Names(name);
  const codes = tensor(names.codes, [(blocks * NF4_BLOCK) / 2], 'uint8');
  const scales = doubleQuantization
    ? [
        tensor(names.scales, [scaleBlocks, SCALE_BLOCK], 'uint8'),
        tensor(names.scaleScales, [scaleBlocks, 1], 'float32'),
        tensor(names.offset, [1], 'float32'),
      ]
    : [tensor(names.scales, [blocks], 'float32')];
  return g.nf4(codes, scales, shape, fused && shape[1]! % NF4_BLOCK === 0);
}

/** The numbers of an NF4 weight. */
export function decodeNf4(g: Graph, weight: Value): Value {
  const [codes, ...scales] = weight.inputs as readonly [Value, ...Value[]];
  const shape = weight.shape as readonly number[];
  const { blocks } = nf4Sizes(shape);
  const values = g.reshape(g.gather(tables(g).pairs, codes), [blocks, NF4_BLOCK]);
  return fitted(g, g.multiply(values, g.reshape(decodeScales(g, scales, blocks), [blocks, 1])), shape);
}

/** x · Wᵀ for x [rows, in] and an NF4 weight [out, in]. */
export function timesNf4(g: Graph, x: Value, weight: Value): Value {
  const { operation, inputs, shape } = weight;
  if (operation.kind !== 'nf4' || !operation.fused) return g.gemm(x, decodeNf4(g, weight), { transposeB: true });
  const [codes, ...scales] = inputs as readonly [Value, ...Value[]];
  const { blocks } = nf4Sizes(shape as readonly number[]);
  return g.nf4Product(x, codes, decodeScales(g, scales, blocks), shape[0] as number);
}

/** The scale of every block, [blocks]. */
function decodeScales(g: Graph, [scales, scaleScales, offset]: readonly Value[], blocks: number): Value {
  if (!scaleScales || !offset) return scales!;
  const values = g.gather(tables(g).dynamic, scales!);
  return fitted(g, g.add(g.multiply(values, scaleScales), offset), [blocks]);
}

/** The first numbers of [n, m] in another shape: without what fills up the last block. */
function fitted(g: Graph, value: Value, shape: readonly number[]): Value {
  const wanted = product(...shape);
  const all = product(...(value.shape as readonly number[]));
  if (all === wanted) return g.reshape(value, shape);
  return g.reshape(g.rows(g.reshape(value, [all]), 0, all - wanted, wanted), shape);
}

const product = (...sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** What a byte of codes stands for, [256, 2], and what a scale's code stands for, [256]; once a graph. */
const tableCache = new WeakMap<Graph, { pairs: Value; dynamic: Value }>();
function tables(g: Graph): { pairs: Value; dynamic: Value } {
  const known = tableCache.get(g);
  if (known) return known;
  const pairs = Float32Array.from({ length: 512 }, (_, i) => NF4_VALUES[i % 2 === 0 ? i >> 5 : (i >> 1) & 15]!);
  const made = { pairs: g.constant(pairs, [256, 2]), dynamic: g.constant(dynamicMap(), [256]) };
  tableCache.set(g, made);
  return made;
}

/**
 * The signed 8-bit type with a dynamic exponent (Dettmers 2016), ascending: for each power of ten from −6 to 0 the
 * middles of 2⁰ … 2⁶ equal parts of [0.1, 1], both signs, and 0 and 1.
 */
export function dynamicMap(): Float32Array {
  const round = Math.fround;
  const values = [0, 1];
  for (let exponent = 0; exponent < 7; exponent++) {
    const parts = 1 << exponent;
    const power = round(10 ** (exponent - 6));
    const step = round(round(1 - round(0.1)) / parts);
    // As torch.linspace: from the nearer end, so that both are met.
    const boundary = (i: number): number =>
      i < (parts + 1) / 2 ? round(round(0.1) + step * i) : round(1 - step * (parts - i));
    for (let i = 0; i < parts; i++) {
      const middle = round(round(boundary(i) + boundary(i + 1)) / 2);
      values.push(round(power * middle), -round(power * middle));
    }
  }
  return Float32Array.from(values).sort();
}
