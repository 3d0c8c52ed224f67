/**
 * MinHash of five-word runs: how alike two texts are, from a few numbers each (one-permutation hashing with optimal
 * densification: Shrivastava 2017). Records whose texts share 70 % of their runs agree in some band with a probability
 * of 98.8 %, those that share 10 % with 0.2 %.
 */
import { createRandom } from '../common/random';
import { mixed, type WordList } from './words';

export const BANDS = 16;
const ROWS = 4;
const BINS = BANDS * ROWS;
/** Words of a run. A shorter text is one run. */
const RUN = 5;

const EMPTY = 0x7fffffff;
/** Least hash of the runs that fall into each bin. */
const bins = new Int32Array(BINS);
// Where an empty bin looks for its value: bins in an order of its own, the same for every text.
const DONORS = Array.from({ length: BINS }, (_, bin) =>
  Uint8Array.from(createRandom(bin).shuffle(Array.from({ length: BINS }, (_unused, other) => other))),
);

/** Band hashes of the words of a text: two texts are candidates where one of them agrees. `undefined` for a text without words. */
export function signatureOf(words: Pick<WordList, 'hashes' | 'length'>): Uint32Array | undefined {
  const { hashes, length } = words;
  if (length === 0) return undefined;
  bins.fill(EMPTY);
  if (length < RUN) minimize(shortRun(words));
  else {
    let a = hashes[0]! | 0;
    let b = hashes[1]! | 0;
    let c = hashes[2]! | 0;
    let d = hashes[3]! | 0;
    for (let i = RUN - 1; i < length; i++) {
      const e = hashes[i]! | 0;
      minimize(runHash(a, b, c, d, e));
      a = b;
      b = c;
      c = d;
      d = e;
    }
  }
  const bands = new Uint32Array(BANDS);
  for (let band = 0, bin = 0; band < BANDS; band++) {
    let hash = 0x811c9dc5;
    for (const last = bin + ROWS; bin < last; bin++) {
      const value = bins[bin] === EMPTY ? bins[donorOf(bin)]! : bins[bin]!;
      hash = Math.imul(hash ^ value, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    bands[band] = hash;
  }
  return bands;
}

function minimize(run: number): void {
  const bin = run >>> 26;
  bins[bin] = Math.min(bins[bin]!, run & 0x3ffffff);
}

function donorOf(bin: number): number {
  const donors = DONORS[bin]!;
  let i = 0;
  while (bins[donors[i]!] === EMPTY) i++;
  return donors[i]!;
}

/** Hash of a run, a signed integer. */
function runHash(a: number, b: number, c: number, d: number, e: number): number {
  const sum =
    (Math.imul(a, 0x2c1b3c6d) + Math.imul(b, 0x297a2d39) + Math.imul(c, 0x1b56c4e9) + Math.imul(d, 0x6c8e9cf5) + e) | 0;
  const hash = Math.imul(sum ^ (sum >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Hash of a text that is shorter than a run. */
function shortRun({ hashes, length }: Pick<WordList, 'hashes' | 'length'>): number {
  let hash = length;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ hashes[i]!, 0x9e3779b1) ^ (hash >>> 15);
  return mixed(hash);
}

/** Set of the five-word runs, ascending. */
export function runsOf(words: Pick<WordList, 'hashes' | 'length'>): Uint32Array {
  const { hashes, length } = words;
  if (length < RUN) return Uint32Array.from(length === 0 ? [] : [shortRun(words)]);
  const runs = new Uint32Array(length - RUN + 1);
  for (let i = 0; i < runs.length; i++)
    runs[i] = runHash(hashes[i]!, hashes[i + 1]!, hashes[i + 2]!, hashes[i + 3]!, hashes[i + 4]!);
  return asSet(runs);
}

/** Sorts in place and leaves every number once. */
export function asSet(numbers: Uint32Array): Uint32Array {
  numbers.sort();
  let kept = 0;
  for (let i = 0; i < numbers.length; i++) if (i === 0 || numbers[i] !== numbers[i - 1]) numbers[kept++] = numbers[i]!;
  return numbers.slice(0, kept);
}

/** |A ∩ B| / |A ∪ B| of two ascending sets; two empty sets are equal. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const x = a[i]!;
    const y = b[j]!;
    if (x === y) shared++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  const all = a.length + b.length - shared;
  return all === 0 ? 1 : shared / all;
}

const BLOCK_BITS = 14;
const BLOCK = 1 << BLOCK_BITS;
/** Of a table that has a store, so many blocks stay in memory: those of a million records. */
const BLOCKS_IN_MEMORY = 64;

/** Takes blocks of numbers out of memory. */
export interface BlockStore {
  /** Keeps a copy of a block; blocks count from 0, and all have the same length. */
  add(block: Uint32Array): void;
  /** Fills `into` with the numbers of a block from its `start`th on. */
  read(index: number, start: number, into: Uint32Array): void;
}

/**
 * Signatures of many records in blocks of a megabyte, so that growing copies nothing. A block holds one band after the
 * other. With a store, the first blocks of a large table go there.
 */
export class SignatureTable {
  length = 0;
  readonly #blocks: Uint32Array[] = [];
  #stored = 0;

  constructor(private readonly store?: BlockStore) {}

  /** A record without words takes part in no comparison. */
  add(signature: Uint32Array | undefined): void {
    const row = this.length++;
    if (row % BLOCK === 0) this.#blocks.push(this.#emptyBlock());
    const block = this.#blocks.at(-1)!;
    if (signature) for (let band = 0; band < BANDS; band++) block[band * BLOCK + (row % BLOCK)] = signature[band]!;
  }

  /** The band hashes of all records; 0 for a record without words (and for one in four billion). */
  column(band: number, into = new Uint32Array(this.length)): Uint32Array {
    const whole = this.length >>> BLOCK_BITS;
    const rest = this.length % BLOCK;
    for (let i = 0; i < whole; i++) this.#read(i, band * BLOCK, into.subarray(i * BLOCK, (i + 1) * BLOCK));
    if (rest > 0) this.#read(whole, band * BLOCK, into.subarray(whole * BLOCK, whole * BLOCK + rest));
    return into;
  }

  /** Bands in which two records agree, of `BANDS`. */
  agreeing(row: number, other: number): number {
    let count = 0;
    for (let band = 0; band < BANDS; band++) if (this.#value(row, band) === this.#value(other, band)) count++;
    return count;
  }

  /** All signatures behind each other. */
  toArray(): Uint32Array<ArrayBuffer> {
    const all = new Uint32Array(this.length * BANDS);
    for (let band = 0; band < BANDS; band++) {
      const keys = this.column(band);
      for (let row = 0; row < this.length; row++) all[row * BANDS + band] = keys[row]!;
    }
    return all;
  }

  append(all: Uint32Array): void {
    for (let at = 0; at < all.length; at += BANDS) this.add(all.subarray(at, at + BANDS));
  }

  #emptyBlock(): Uint32Array {
    if (!this.store || this.#blocks.length < BLOCKS_IN_MEMORY) return new Uint32Array(BLOCK * BANDS);
    const oldest = this.#blocks.shift()!;
    this.store.add(oldest);
    this.#stored++;
    return oldest.fill(0);
  }

  #read(index: number, start: number, into: Uint32Array): void {
    if (index < this.#stored) this.store!.read(index, start, into);
    else into.set(this.#blocks[index - this.#stored]!.subarray(start, start + into.length));
  }

  #value(row: number, band: number): number {
    const block = this.#blocks[(row >>> BLOCK_BITS) - this.#stored];
    const at = band * BLOCK + (row % BLOCK);
    if (block) return block[at]!;
    this.store!.read(row >>> BLOCK_BITS, at, one);
    return one[0]!;
  }
}

const one = new Uint32Array(1);
