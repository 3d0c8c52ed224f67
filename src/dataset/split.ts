/** Divides the rows of a data set so that rows which belong together come to lie on one side. */
import { createRandom } from '../common/random';

export const PARTS = ['train', 'validation', 'test'] as const;
export type Part = (typeof PARTS)[number];

/**
 * Part of every row, as an index of `PARTS`. The same rows, shares and seed give the same answer on every machine.
 * @param groups for each row the number of its group; rows of one group are never divided
 * @param shares of the rows, 0 to 1, that go to `validation` and to `test`: the nearest number that the groups allow, and at least one row where a share is not 0 and a group is left
 */
export function splitRows(
  groups: ArrayLike<number>,
  shares: { readonly validation: number; readonly test: number },
  seed: number,
): Uint8Array {
  const sizes = new Map<number, number>();
  for (let row = 0; row < groups.length; row++) sizes.set(groups[row]!, (sizes.get(groups[row]!) ?? 0) + 1);
  const order = createRandom(seed).shuffle([...sizes.keys()]);
  const partOf = new Map<number, number>();
  for (const part of [PARTS.indexOf('validation'), PARTS.indexOf('test')] as const) {
    const share = shares[PARTS[part] as 'validation' | 'test'];
    let wanted = share === 0 ? 0 : Math.max(1, Math.round(groups.length * share));
    // The last group is never taken: something must be left to train.
    for (const group of order) {
      if (wanted <= 0 || partOf.size >= sizes.size - 1) break;
      const size = sizes.get(group)!;
      if (partOf.has(group) || size > wanted) continue;
      partOf.set(group, part);
      wanted -= size;
    }
  }
  return Uint8Array.from({ length: groups.length }, (_, row) => partOf.get(groups[row]!) ?? 0);
}
