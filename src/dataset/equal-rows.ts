import { RepeatedKeys } from './repeated-keys';
import { mixed } from './words';

/**
 * The first row with the same key, for every row: itself where there is none before.
 * @param keys hashes of at most 53 bits
 * @param counts rows for which it is false are like no other
 */
export function firstOfEqual(
  keys: Float64Array | Uint32Array,
  length: number,
  counts: (row: number) => boolean = () => true,
): Uint32Array {
  // Nearly all keys are the only ones of their kind: they need no slot in the index, which would be the largest table.
  const repeated = new RepeatedKeys(length);
  let again = 0;
  for (let row = 0; row < length; row++) if (counts(row) && repeated.add(lowBits(keys[row]!))) again++;
  // Each that came again has at most one before it that did not.
  const index = new KeyIndex(keys, again * 2);
  const firsts = new Uint32Array(length);
  for (let row = 0; row < length; row++)
    firsts[row] = counts(row) && repeated.has(lowBits(keys[row]!)) ? index.add(row) : row;
  return firsts;
}

/** 32 bits of a key. */
function lowBits(key: number): number {
  // `>>> 0` takes the lowest 32 bits.
  return mixed((key >>> 0) ^ Math.imul(key / 4294967296, 0x85ebca6b));
}

/** Open addressing over a column: a `Map` would take ten times the memory. */
export class KeyIndex {
  readonly #keys: Float64Array | Uint32Array;
  readonly #rows: Uint32Array;
  readonly #mask: number;

  /** @param capacity rows that will be added at most */
  constructor(keys: Float64Array | Uint32Array, capacity: number) {
    let size = 16;
    // At most four fifths full: of millions of rows every byte of a slot counts.
    while (size < capacity * 1.25) size *= 2;
    this.#keys = keys;
    this.#rows = new Uint32Array(size);
    this.#mask = size - 1;
  }

  /** Adds a row of the column unless its key is known. @returns the first row with that key */
  add(row: number): number {
    const slot = this.#slot(this.#keys[row]!);
    const known = this.#rows[slot]!;
    if (known !== 0) return known - 1;
    this.#rows[slot] = row + 1;
    return row;
  }

  /** The row with that key. */
  find(key: number): number | undefined {
    const known = this.#rows[this.#slot(key)]!;
    return known === 0 ? undefined : known - 1;
  }

  #slot(key: number): number {
    let slot = lowBits(key) & this.#mask;
    while (this.#rows[slot] !== 0 && this.#keys[this.#rows[slot]! - 1] !== key) slot = (slot + 1) & this.#mask;
    return slot;
  }
}
