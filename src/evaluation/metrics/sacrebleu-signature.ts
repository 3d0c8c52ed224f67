import type { TextRow } from './metric';

/** The release whose definitions are followed, to the digit. */
const VERSION = '2.6.0';

/** A signature as sacreBLEU prints it: `nrefs:1|case:mixed|…|version:2.6.0`. */
export function sacrebleuSignature(rows: readonly TextRow[], parts: Readonly<Record<string, string | number>>): string {
  const numbers = new Set(rows.map(({ references }) => references.length));
  const references = numbers.size === 1 ? [...numbers][0]! : 'var';
  return Object.entries({ nrefs: references, ...parts, version: VERSION })
    .map(([key, value]) => `${key}:${value}`)
    .join('|');
}
