/** Which records of a data set say nearly the same: candidates by MinHash, then the exact similarity of their texts. */
import type { RecordWords } from './fingerprint';
import { asSet, BANDS, jaccard, runsOf, type SignatureTable } from './minhash';
import { RepeatedKeys } from './repeated-keys';

interface NearDuplicateInput {
  readonly signatures: SignatureTable;
  /** First row of the same content; only first rows are compared. */
  readonly firsts: Uint32Array;
  /** Least Jaccard similarity of the five-word runs. */
  readonly threshold: number;
  /** Words of a row, read again where it is no longer in memory. Asked only for candidates and a small sample. */
  wordsOf(row: number): RecordWords | undefined;
}

interface Neighbour {
  readonly row: number;
  readonly similarity: number;
}

export interface NearDuplicates {
  /** Groups of at least two rows, each linked to another of its group by a similarity of at least the threshold; rows ascending. */
  readonly groups: readonly (readonly number[])[];
  /** The most similar record that was compared with a row of a group. */
  readonly neighbours: ReadonlyMap<number, Neighbour>;
  /** Similarity of any two rows, 0 where the answers have too little in common. */
  similarity(row: number, other: number): number;
}

// Of the records with the same band, so many are compared; a band that has only misled so often is given up.
const STEPS = 8;
const BAND_FAILURES = 32;
const ROW_FAILURES = 16;
const WARY = 4;
const SMALL_GROUP = 12;

/** Yields now and then, so that the caller can do other things or give up. The result depends on nothing but the records and their order. */
export function* findNearDuplicates(input: NearDuplicateInput): Generator<void, NearDuplicates> {
  const { signatures, firsts, threshold } = input;
  const { length } = signatures;
  const compare = new Comparison(input);
  const groups = new UnionFind(length);
  const neighbours = new Map<number, Neighbour>();
  const note = (row: number, other: number, similarity: number): void => {
    if (similarity > (neighbours.get(row)?.similarity ?? 0)) neighbours.set(row, { row: other, similarity });
  };
  const repeated = new RepeatedKeys(length);
  let latest = new Uint32Array(0);
  let misses = new Uint8Array(0);
  const previous = new Uint32Array(length);
  const failures = new Uint8Array(length);
  const failed = new Float64Array(1 << 14);
  const keys = new Uint32Array(length);
  for (let band = 0; band < BANDS; band++) {
    // Nearly all band hashes are the only ones of their kind; they need no place in the table.
    repeated.clear();
    signatures.column(band, keys);
    let again = 0;
    for (let row = 0; row < length; row++) {
      if ((row & 2047) === 0) yield;
      const key = keys[row]!;
      if (key !== 0 && firsts[row] === row && repeated.add(key)) again++;
    }
    // Each that came again has at most one before it that did not.
    let size = 16;
    while (size < again * 2 * 1.5) size *= 2;
    if (size > latest.length) {
      latest = new Uint32Array(size);
      misses = new Uint8Array(size);
    } else {
      size = latest.length;
      latest.fill(0);
      misses.fill(0);
    }
    for (let row = 0; row < length; row++) {
      if ((row & 511) === 0) yield;
      const key = keys[row]!;
      if (key === 0 || firsts[row] !== row || !repeated.has(key)) continue;
      let slot = (key ^ (key >>> 15)) & (size - 1);
      while (latest[slot] !== 0 && keys[latest[slot]! - 1] !== key) slot = (slot + 1) & (size - 1);
      let other = latest[slot]!;
      previous[row] = other;
      latest[slot] = row + 1;
      for (let step = 0; other !== 0 && step < STEPS; step++, other = previous[other - 1]!) {
        if (misses[slot]! >= BAND_FAILURES || failures[row]! >= ROW_FAILURES) break;
        const near = other - 1;
        if (groups.find(near) === groups.find(row)) continue;
        if (failures[row]! >= WARY && signatures.agreeing(row, near) < 2) continue;
        const pair = row * length + near + 1;
        const memory = (Math.imul(row, 0x9e3779b1) ^ Math.imul(near, 0x85ebca6b)) >>> 18;
        if (failed[memory] === pair) continue;
        if (!compare.ready) yield* compare.prepare();
        const similarity = compare.similarity(row, near);
        if (similarity >= threshold) {
          groups.join(row, near);
          note(row, near, similarity);
          note(near, row, similarity);
          misses[slot] = 0;
        } else {
          failed[memory] = pair;
          misses[slot]!++;
          failures[row]!++;
        }
        if ((compare.count & 15) === 0) yield;
      }
    }
  }
  const found = groups.groups([...neighbours.keys()]);
  // Rows of one group were not compared any more: the most similar one may have been passed over.
  for (const group of found)
    if (group.length > 2 && group.length <= SMALL_GROUP)
      for (const [i, row] of group.entries()) {
        for (const other of group.slice(i + 1)) {
          const similarity = compare.similarity(row, other);
          note(row, other, similarity);
          note(other, row, similarity);
        }
        yield;
      }
  return { groups: found, neighbours, similarity: (a, b) => compare.similarity(a, b) };
}

const KEPT_LOOKED_AT = 50;

interface Redundant extends Neighbour {
  /** The row that can go. `row` is one that stays and to which it is similar. */
  readonly redundant: number;
}

/** What of a group can go: each is as near as `threshold` to a row that stays, and the longest answers stay. */
export function redundantRows(
  near: Pick<NearDuplicates, 'similarity'>,
  group: readonly number[],
  threshold: number,
  answerLength: ArrayLike<number>,
): Redundant[] {
  const stay: number[] = [];
  const go: Redundant[] = [];
  for (const redundant of group.toSorted((a, b) => answerLength[b]! - answerLength[a]! || a - b)) {
    const likes = stay
      .slice(0, KEPT_LOOKED_AT)
      .map((row) => ({ redundant, row, similarity: near.similarity(redundant, row) }));
    const like = likes.find(({ similarity }) => similarity >= threshold);
    if (like) go.push(like);
    else stay.push(redundant);
  }
  return go;
}

interface Sets {
  readonly runs: Uint32Array;
  readonly answers: Uint32Array;
  readonly label: unknown;
}

const SAMPLE = 500;
const KEPT = 256;
/** Runs of so many of the sampled prompts, and of that share of them, are a template: they say nothing about how alike two records are. */
const TEMPLATE_LEAST = 20;
const TEMPLATE_SHARE = 0.1;
/** The answers must share that share of their words: several questions about one long text are no duplicates. */
const ANSWER_SHARE = 0.5;

class Comparison {
  count = 0;
  ready = false;
  readonly #input: NearDuplicateInput;
  readonly #template = new Set<number>();
  readonly #kept = new Map<number, Sets | undefined>();

  constructor(input: NearDuplicateInput) {
    this.#input = input;
  }

  /** Learns from a sample which runs many prompts share. */
  *prepare(): Generator<void> {
    const { firsts } = this.#input;
    const counts = new Map<number, number>();
    const step = Math.max(1, firsts.length / SAMPLE);
    let sampled = 0;
    for (let i = 0; i < firsts.length; i += step) {
      const row = Math.floor(i);
      if (firsts[row] !== row) continue;
      sampled++;
      const words = this.#input.wordsOf(row);
      for (const run of words ? runsOf(words.prompts) : []) counts.set(run, (counts.get(run) ?? 0) + 1);
      if ((sampled & 15) === 0) yield;
    }
    const least = Math.max(TEMPLATE_LEAST, sampled * TEMPLATE_SHARE);
    for (const [run, count] of counts) if (count >= least) this.#template.add(run);
    this.ready = true;
  }

  similarity(row: number, other: number): number {
    this.count++;
    const a = this.#read(row);
    const b = this.#read(other);
    if (!a || !b || a.label !== b.label) return 0;
    const similarity = jaccard(a.runs, b.runs);
    return similarity >= this.#input.threshold && jaccard(a.answers, b.answers) < ANSWER_SHARE ? 0 : similarity;
  }

  #read(row: number): Sets | undefined {
    if (this.#kept.has(row)) return this.#kept.get(row);
    const words = this.#input.wordsOf(row);
    let sets: Sets | undefined;
    if (words) {
      const runs = runsOf(words.all);
      sets = {
        runs: this.#template.size === 0 ? runs : runs.filter((run) => !this.#template.has(run)),
        label: words.label,
        answers: asSet(words.answers.hashes.slice(0, words.answers.length)),
      };
    }
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(row, sets);
    return sets;
  }
}

/** Rows that belong together; the root of a group is its first row. */
export class UnionFind {
  readonly #parents: Uint32Array;

  constructor(length: number) {
    this.#parents = new Uint32Array(length);
    for (let row = 0; row < length; row++) this.#parents[row] = row;
  }

  find(row: number): number {
    const parents = this.#parents;
    let root = row;
    while (parents[root] !== root) root = parents[root]!;
    while (parents[row] !== root) {
      const next = parents[row]!;
      parents[row] = root;
      row = next;
    }
    return root;
  }

  join(row: number, other: number): void {
    const a = this.find(row);
    const b = this.find(other);
    this.#parents[Math.max(a, b)] = Math.min(a, b);
  }

  /** The groups of these rows, by their first row; rows ascending. */
  groups(rows: readonly number[]): number[][] {
    const groups = new Map<number, number[]>();
    for (const row of rows.toSorted((a, b) => a - b)) {
      const root = this.find(row);
      const group = groups.get(root);
      if (group) group.push(row);
      else groups.set(root, [row]);
    }
    return [...groups.values()];
  }
}
