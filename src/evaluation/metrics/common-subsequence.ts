/** Length of the longest common subsequence. Time is the product of the lengths, memory a row. */
export function commonLength(a: Int32Array, b: Int32Array): number {
  return lengths(a, b);
}

/**
 * Places in `a` of one longest common subsequence: of several the one that rouge_score finds, which walks back and, where
 * the tokens differ, leaves out one of `b` only if that keeps more. Memory is a bit for each pair of places.
 */
export function commonPlaces(a: Int32Array, b: Int32Array): readonly number[] {
  const leavesB = new Uint8Array(Math.ceil((a.length * b.length) / 8));
  lengths(a, b, leavesB);
  const places: number[] = [];
  let i = a.length - 1;
  let j = b.length - 1;
  while (i >= 0 && j >= 0) {
    const cell = i * b.length + j;
    if (a[i] === b[j]) {
      places.push(i--);
      j--;
    } else if ((leavesB[cell >>> 3]! >>> (cell & 7)) & 1) j--;
    else i--;
  }
  return places.reverse();
}

function lengths(a: Int32Array, b: Int32Array, leavesB?: Uint8Array): number {
  let above = new Int32Array(b.length + 1);
  let row = new Int32Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const token = a[i]!;
    let left = 0;
    for (let j = 0; j < b.length; j++) {
      const up = above[j + 1]!;
      if (leavesB && left > up) {
        const cell = i * b.length + j;
        leavesB[cell >>> 3]! |= 1 << (cell & 7);
      }
      if (token === b[j]) left = above[j]! + 1;
      else if (up > left) left = up;
      row[j + 1] = left;
    }
    [above, row] = [row, above];
  }
  return above[b.length]!;
}
