import { asRecord } from '../../dataset/shape';

/** Deeper than any data is meant to be; deeper ones would cost their square. */
const DEEPEST = 500;

/**
 * What a JSON value holds, as path → JSON of the value there. Equal values have equal leaves, in whatever order their keys
 * are. An empty object or list is a leaf.
 * @returns `undefined` where the value is nested more than 500 deep
 */
export function jsonLeaves(value: unknown): ReadonlyMap<string, string> | undefined {
  const leaves = new Map<string, string>();
  const open = [{ value, path: '', depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const inner = entriesOf(next.value);
    if (inner.length === 0) {
      leaves.set(next.path, JSON.stringify(next.value));
      continue;
    }
    if (next.depth === DEEPEST) return undefined;
    for (const [key, own] of inner) open.push({ value: own, path: next.path + key, depth: next.depth + 1 });
  }
  return leaves;
}

/** Whether the same leaves are in both. */
export function sameLeaves(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, json]) => b.get(path) === json);
}

/** Parts of an object or list. A place in a list is written unlike any key: `[0]` and `."0"`. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((own: unknown, i) => [`[${i}]`, own] as const);
  return Object.entries(asRecord(value) ?? {}).map(([key, own]) => [`.${JSON.stringify(key)}`, own] as const);
}
