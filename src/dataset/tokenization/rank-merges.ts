import type { Merges } from './merges';

/** Merges by the ids of the tokens themselves, as OpenAI's vocabularies have them: two become one when their bytes are a token. */
export class RankMerges implements Merges {
  readonly #starts: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #slots: Int32Array;
  readonly #longest: number;

  /** @param bytes those of all tokens, in order. @param starts where each token begins, and the end */
  constructor(bytes: Uint8Array, starts: Uint32Array) {
    const count = starts.length - 1;
    this.#bytes = bytes;
    this.#starts = starts;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, count) * 2))).fill(-1);
    const mask = this.#slots.length - 1;
    let longest = 0;
    for (let id = 0; id < count; id++) {
      const from = starts[id]!;
      const to = starts[id + 1]!;
      longest = Math.max(longest, to - from);
      let slot = finish(hashBytes(SEED, bytes, from, to)) & mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & mask;
      this.#slots[slot] = id;
    }
    this.#longest = longest;
  }

  rank(left: number, right: number): number {
    const bytes = this.#bytes;
    const from = this.#starts[left]!;
    const to = this.#starts[left + 1]!;
    const from2 = this.#starts[right]!;
    const to2 = this.#starts[right + 1]!;
    const first = to - from;
    const second = to2 - from2;
    if (first + second > this.#longest) return -1;
    const mask = this.#slots.length - 1;
    let slot = finish(hashBytes(hashBytes(SEED, bytes, from, to), bytes, from2, to2)) & mask;
    for (; this.#slots[slot] !== -1; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!;
      const at = this.#starts[id]!;
      if (this.#starts[id + 1]! - at !== first + second) continue;
      if (same(bytes, at, bytes, from, first) && same(bytes, at + first, bytes, from2, second)) return id;
    }
    return -1;
  }

  result(rank: number): number {
    return rank;
  }

  /** The token with these bytes, or −1. */
  find(bytes: Uint8Array, length: number): number {
    if (length > this.#longest) return -1;
    const mask = this.#slots.length - 1;
    let slot = finish(hashBytes(SEED, bytes, 0, length)) & mask;
    for (; this.#slots[slot] !== -1; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!;
      const at = this.#starts[id]!;
      if (this.#starts[id + 1]! - at === length && same(this.#bytes, at, bytes, 0, length)) return id;
    }
    return -1;
  }
}

const SEED = 0x811c9dc5 | 0;

function hashBytes(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}

const finish = (hash: number): number => hash ^ (hash >>> 15);

function same(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}
