/** Which two neighbouring tokens of a BPE vocabulary become one, and how early. */
export interface Merges {
  /** Lower is earlier; −1 when the two are never joined. */
  rank(left: number, right: number): number;
  /** The token that the merge of this rank makes. */
  result(rank: number): number;
}

/** Token ids of a text and what each covers, in bytes or characters. Grows as needed. */
export class Symbols {
  ids = new Int32Array(64);
  sizes = new Int32Array(64);
  length = 0;

  push(id: number, size: number): void {
    if (this.length === this.ids.length) {
      this.ids = grown(this.ids);
      this.sizes = grown(this.sizes);
    }
    this.ids[this.length] = id;
    this.sizes[this.length++] = size;
  }
}

export function grown<T extends Int32Array | Uint8Array | Uint16Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}

// Up to this many symbols, looking at all of them for every merge is faster than a heap.
const SHORT = 40;
const shortRanks = new Int32Array(SHORT);

/** Joins symbols in place until no merge applies: always the earliest merge, the leftmost of equals. */
export function mergeSymbols(symbols: Symbols, merges: Merges): void {
  if (symbols.length > SHORT) mergeLong(symbols, merges);
  else mergeShort(symbols, merges);
}

function mergeShort(symbols: Symbols, merges: Merges): void {
  const { ids, sizes } = symbols;
  let n = symbols.length;
  for (let i = 0; i < n - 1; i++) shortRanks[i] = merges.rank(ids[i]!, ids[i + 1]!);
  for (;;) {
    let at = -1;
    let best = 0x7fffffff;
    for (let i = 0; i < n - 1; i++) {
      const rank = shortRanks[i]!;
      if (rank >= 0 && rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) break;
    ids[at] = merges.result(best);
    sizes[at]! += sizes[at + 1]!;
    n--;
    for (let i = at + 1; i < n; i++) {
      ids[i] = ids[i + 1]!;
      sizes[i] = sizes[i + 1]!;
      shortRanks[i] = shortRanks[i + 1]!;
    }
    shortRanks[at] = at < n - 1 ? merges.rank(ids[at]!, ids[at + 1]!) : -1;
    if (at > 0) shortRanks[at - 1] = merges.rank(ids[at - 1]!, ids[at]!);
  }
  symbols.length = n;
}

/** With a heap of candidates, so that a word of many thousand characters takes n·log n. */
function mergeLong(symbols: Symbols, merges: Merges): void {
  const { ids, sizes, length: n } = symbols;
  const next = Int32Array.from({ length: n }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
  const heap = new Heap();
  // Rank and place in one number, in the order in which merges are made.
  const PLACES = 2 ** 30;
  const offer = (at: number): void => {
    if (at < 0 || next[at]! >= n) return;
    const rank = merges.rank(ids[at]!, ids[next[at]!]!);
    if (rank >= 0) heap.push(rank * PLACES + at);
  };
  for (let i = 0; i < n - 1; i++) offer(i);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const rank = Math.floor(top / PLACES);
    const at = top % PLACES;
    const right = next[at]!;
    // The pair may be gone since it was offered.
    if (sizes[at] === 0 || right >= n || merges.rank(ids[at]!, ids[right]!) !== rank) continue;
    ids[at] = merges.result(rank);
    sizes[at]! += sizes[right]!;
    sizes[right] = 0;
    next[at] = next[right]!;
    if (next[at]! < n) previous[next[at]!] = at;
    offer(previous[at]!);
    offer(at);
  }
  let kept = 0;
  for (let i = 0; i < n; i = next[i]!) {
    ids[kept] = ids[i]!;
    sizes[kept++] = sizes[i]!;
  }
  symbols.length = kept;
}

/** The smallest number first. */
class Heap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

/** Merges by a list of pairs, as `tokenizer.json` has them. */
export class PairMerges implements Merges {
  readonly #mask: number;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #ranks: Int32Array;
  readonly #results: Int32Array;

  /** @param most how many merges will be added */
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, most) * 2));
    this.#mask = slots - 1;
    this.#left = new Int32Array(slots).fill(-1);
    this.#right = new Int32Array(slots);
    this.#ranks = new Int32Array(slots);
    this.#results = new Int32Array(most);
  }

  add(left: number, right: number, rank: number, result: number): void {
    const slot = this.#slot(left, right);
    this.#left[slot] = left;
    this.#right[slot] = right;
    this.#ranks[slot] = rank;
    this.#results[rank] = result;
  }

  rank(left: number, right: number): number {
    const slot = this.#slot(left, right);
    return this.#left[slot] === -1 ? -1 : this.#ranks[slot]!;
  }

  result(rank: number): number {
    return this.#results[rank]!;
  }

  #slot(left: number, right: number): number {
    const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & this.#mask;
    while (this.#left[slot] !== -1 && (this.#left[slot] !== left || this.#right[slot] !== right))
      slot = (slot + 1) & this.#mask;
    return slot;
  }
}
