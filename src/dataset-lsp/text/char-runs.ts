/** A set of ASCII characters: 1 at the code of each. */
export type CharSet = Uint8Array;

const ASCII = 128;

/** @param pattern matches the characters of the set, one at a time */
export function charSet(pattern: RegExp): CharSet {
  return Uint8Array.from({ length: ASCII }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

/** Whether there is a run of at least `minimum` characters of the set. */
export function hasRun(text: string, set: CharSet, minimum: number): boolean {
  // No run begins before `from`.
  let from = 0;
  for (let at = minimum - 1; at < text.length;) {
    let back = at;
    for (; back >= from; back--) {
      const code = text.charCodeAt(back);
      if (code >= ASCII || set[code] === 0) break;
    }
    if (back < from) return true;
    from = back + 1;
    at = back + minimum;
  }
  return false;
}

/**
 * Visits every longest run of at least `minimum` characters of the set, in order. Reads about every `minimum`-th
 * character of the text between them, so that a search for long tokens costs little on ordinary words.
 * @param visit gets the UTF-16 range
 */
export function eachRun(
  text: string,
  set: CharSet,
  minimum: number,
  visit: (start: number, end: number) => void,
): void {
  // No run begins before `from`.
  let from = 0;
  for (let at = minimum - 1; at < text.length;) {
    let back = at;
    for (; back >= from; back--) {
      const code = text.charCodeAt(back);
      if (code >= ASCII || set[code] === 0) break;
    }
    if (back >= from) {
      from = back + 1;
      at = back + minimum;
      continue;
    }
    let end = at + 1;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code >= ASCII || set[code] === 0) break;
    }
    visit(from, end);
    from = end + 1;
    at = end + minimum;
  }
}
