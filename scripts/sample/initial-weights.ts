import { createRandom, type Random } from '../../src/common/random';

/** The Llama shape of the sample model. Heads have 32 dimensions. */
export interface Shape {
  readonly hidden: number;
  readonly layers: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly ropeTheta: number;
}

export interface Matrix {
  /** `[rows, columns]`, as `nn.Linear` stores `[out, in]`; norms are `[columns]`. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const HEAD = 32;
const HALF = HEAD / 2;
/** Standard deviation of the embedding: the residual stream starts at this scale. */
const SCALE = 0.06;

/**
 * First weights by Hugging Face name. All are random, but the first key-value groups of the layers 0 and 1 start near
 * an induction circuit: layer 0 notes down which tokens stood one and two places before, layer 1 looks for a place
 * that was preceded by the current tokens and proposes the token that stands there. From plain random weights copying
 * from the context appears only after many millions of tokens.
 */
export function initialWeights(shape: Shape, seed: number): ReadonlyMap<string, Matrix> {
  const random = createRandom(seed, 200);
  const { hidden, layers, intermediate, heads, kvHeads, vocabulary } = shape;
  const tensors = new Map<string, Matrix>();
  const add = (name: string, rows: number, columns: number, deviation: number): Matrix => {
    const matrix = { shape: [rows, columns], data: gaussian(random, rows * columns, deviation) };
    tensors.set(name, matrix);
    return matrix;
  };
  const ones = (name: string): void => {
    tensors.set(name, { shape: [hidden], data: new Float32Array(hidden).fill(1) });
  };
  const residual = (2 * SCALE) / Math.sqrt(2 * layers);
  const embedding = add('model.embed_tokens.weight', vocabulary, hidden, SCALE);
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `model.layers.${layer}.${part}.weight`;
    add(name('self_attn.q_proj'), heads * HEAD, hidden, 1 / Math.sqrt(hidden));
    add(name('self_attn.k_proj'), kvHeads * HEAD, hidden, 1 / Math.sqrt(hidden));
    add(name('self_attn.v_proj'), kvHeads * HEAD, hidden, 1 / Math.sqrt(hidden));
    add(name('self_attn.o_proj'), hidden, heads * HEAD, residual / Math.sqrt(heads * HEAD));
    add(name('mlp.gate_proj'), intermediate, hidden, 1 / Math.sqrt(hidden));
    add(name('mlp.up_proj'), intermediate, hidden, 1 / Math.sqrt(hidden));
    add(name('mlp.down_proj'), hidden, intermediate, residual / Math.sqrt(intermediate));
    ones(name('input_layernorm'));
    ones(name('post_attention_layernorm'));
  }
  ones('model.norm.weight');
  addInductionCircuit(random, shape, embedding, (layer, part) => {
    const found = tensors.get(`model.layers.${layer}.self_attn.${part}_proj.weight`);
    if (found === undefined) throw new Error(`There is no layer ${layer}.`);
    return found;
  });
  return tensors;
}

type Attention = (layer: number, part: 'q' | 'k' | 'v' | 'o') => Matrix;

/**
 * The residual stream is divided: tokens in the first dimensions, then 32 for the token before, 32 for the one before
 * that, and in the last dimension a constant, from which positional attention is made.
 */
function addInductionCircuit(random: Random, shape: Shape, embedding: Matrix, attention: Attention): void {
  const { hidden, heads, kvHeads, ropeTheta } = shape;
  const tokens = hidden - 2 * HEAD - 1;
  const before = tokens;
  const secondBefore = tokens + HEAD;
  const constant = hidden - 1;
  const group = heads / kvHeads;

  for (let row = 0; row < shape.vocabulary; row++)
    for (let column = tokens; column < hidden; column++)
      set(embedding, row, column, column === constant ? 5 * SCALE : 0);

  const frequency = (pair: number): number => ropeTheta ** (-pair / HALF);
  const peak = 0.91;
  const keys = attention(0, 'k');
  clearRows(keys, 0, HEAD);
  for (let pair = 0; pair < HALF; pair++) set(keys, pair, constant, peak);
  const queries = attention(0, 'q');
  clearRows(queries, 0, group * HEAD);
  for (let head = 0; head < group; head++)
    for (let pair = 0; pair < HALF; pair++) {
      // A query turned back by n positions matches best the key n positions ago.
      const angle = frequency(pair) * (head === 1 ? 2 : 1);
      set(queries, head * HEAD + pair, constant, peak * Math.cos(angle));
      set(queries, head * HEAD + pair + HALF, constant, -peak * Math.sin(angle));
    }
  const note = matrix(random, HEAD, tokens, 1 / Math.sqrt(tokens));
  writeBlock(attention(0, 'v'), 0, 0, note);
  const out = attention(0, 'o');
  clearColumns(out, 0, group * HEAD);
  for (let i = 0; i < HEAD; i++) {
    set(out, before + i, i, 0.05);
    set(out, secondBefore + i, HEAD + i, 0.05);
  }

  // Only the slow half of the rotary pairs keeps its direction over the length of a text.
  const slow = Array.from({ length: HALF }, (_, i) => (i < HALF / 2 ? HALF / 2 + i : HALF + i));
  addCopying(random, attention, { note, slow, before, secondBefore, group });
}

interface Copying {
  /** `[HEAD, tokens]`: how layer 0 writes down a token. */
  readonly note: Matrix;
  readonly slow: readonly number[];
  readonly before: number;
  readonly secondBefore: number;
  /** Query heads of a key-value group. */
  readonly group: number;
}

/** The first key-value group of layer 1: where did this token (and the one before it) stand, and what came next? */
function addCopying(random: Random, attention: Attention, { note, slow, before, secondBefore, group }: Copying): void {
  const tokens = note.shape[1]!;
  const one = matrix(random, slow.length, HEAD, 1.7 / Math.sqrt(HEAD));
  const two = matrix(random, slow.length, HEAD, 1.7 / Math.sqrt(HEAD));
  const current = product(one, note);
  clearRows(attention(1, 'k'), 0, HEAD);
  clearRows(attention(1, 'q'), 0, group * HEAD);
  slow.forEach((dimension, i) => {
    const row = (m: Matrix): Matrix => ({ shape: [1, m.shape[1]!], data: rowOf(m, i) });
    place(attention(1, 'k'), dimension, before, row(one));
    place(attention(1, 'k'), dimension, secondBefore, row(two));
    for (let head = 0; head < group; head++) {
      place(attention(1, 'q'), head * HEAD + dimension, 0, row(current));
      if (head > 0) place(attention(1, 'q'), head * HEAD + dimension, before, row(two));
    }
  });
  const copy = matrix(random, HEAD, tokens, 1 / Math.sqrt(tokens));
  writeBlock(attention(1, 'v'), 0, 0, copy);
  const out = attention(1, 'o');
  clearColumns(out, 0, group * HEAD);
  for (let head = 0; head < group; head++)
    for (let i = 0; i < HEAD; i++)
      for (let column = 0; column < tokens; column++)
        set(out, column, head * HEAD + i, 0.08 * copy.data[i * tokens + column]!);
}

function gaussian(random: Random, length: number, deviation: number): Float32Array {
  return Float32Array.from({ length }, () => deviation * random.normal());
}

function matrix(random: Random, rows: number, columns: number, deviation: number): Matrix {
  return { shape: [rows, columns], data: gaussian(random, rows * columns, deviation) };
}

function product(a: Matrix, b: Matrix): Matrix {
  const [rows, inner, columns] = [a.shape[0]!, a.shape[1]!, b.shape[1]!];
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a.data[i * inner + k]! * b.data[k * columns + j]!;
      data[i * columns + j] = sum;
    }
  return { shape: [rows, columns], data };
}

function set(m: Matrix, row: number, column: number, value: number): void {
  m.data[row * m.shape[1]! + column] = value;
}

function rowOf(m: Matrix, row: number): Float32Array {
  const columns = m.shape[1]!;
  return m.data.slice(row * columns, (row + 1) * columns);
}

function place(target: Matrix, row: number, column: number, source: Matrix): void {
  const [rows, columns] = [source.shape[0]!, source.shape[1]!];
  for (let i = 0; i < rows; i++)
    target.data.set(source.data.subarray(i * columns, (i + 1) * columns), (row + i) * target.shape[1]! + column);
}

/** Like `place`, with zeros in the rest of those rows. */
function writeBlock(target: Matrix, row: number, column: number, source: Matrix): void {
  clearRows(target, row, row + source.shape[0]!);
  place(target, row, column, source);
}

function clearRows(m: Matrix, from: number, to: number): void {
  m.data.fill(0, from * m.shape[1]!, to * m.shape[1]!);
}

function clearColumns(m: Matrix, from: number, to: number): void {
  for (let row = 0; row < m.shape[0]!; row++) m.data.fill(0, row * m.shape[1]! + from, row * m.shape[1]! + to);
}
