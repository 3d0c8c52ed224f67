/** A context of llama.cpp is made of blocks of this many places. */
const BLOCK = 256;

/** Places of a sequence for texts of so many tokens; the library leaves the last one empty. */
export function contextSizeFor(tokens: number): number {
  return Math.ceil((tokens + 1) / BLOCK) * BLOCK;
}

/** Tokens of the longest text in a sequence of at most so many places. */
export function longestInContext(places: number): number {
  return Math.floor(places / BLOCK) * BLOCK - 1;
}
