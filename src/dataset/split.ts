/** Divides the rows of a data set so that rows which belong together come to lie on one side. */
import { createRandom } from '../common/random';

export const PARTS = ['train', 'validation', 'test'] as const;

/**
 * Part of every row, as an index of `PARTS`. The same rows, shares and seed give the same answer on every machine.
 * @param groups for each row the number of its group; rows of one group are never divided
 * @param shares of the rows, 0 to 1, that go to `validation` and to `test`: at most that many, but one group at least where a share is not 0 and another group is left
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
  for (const name of ['validation', 'test'] as const) {
    const wanted = shares[name] === 0 ? 0 : Math.max(1, Math.round(groups.length * shares[name]));
    let taken = 0;
    const take = (group: number): void => {
      // The last group stays: something must be left to train.
      if (partOf.has(group) || partOf.size >= sizes.size - 1) return;
      partOf.set(group, PARTS.indexOf(name));
      taken += sizes.get(group)!;
    };
    for (const group of order) if (taken + sizes.get(group)! <= wanted) take(group);
    if (taken > 0 || wanted === 0) continue;
    const free = order.filter((group) => !partOf.has(group));
    const smallest = free.toSorted((x, y) => sizes.get(x)! - sizes.get(y)!)[0];
    if (smallest !== undefined) take(smallest);
  }
  return Uint8Array.from({ length: groups.length }, (_, row) => partOf.get(groups[row]!) ?? 0);
}
