/** Texts as Python has them: the field's metrics are defined by what its string methods do. */

// What str.isspace() holds for. JavaScript's \s lacks the separators U+001C–1F and U+0085, and has U+FEFF.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const SPACES = new RegExp(`${SPACE}+`);
const IS_SPACE = new RegExp(SPACE);

/** `str.split()`: the runs of characters that are no white space. */
export function splitWords(text: string): readonly string[] {
  return text.split(SPACES).filter((word) => word !== '');
}

/** `str.rstrip()`. By hand: a regular expression at the end of a long run of spaces is quadratic. */
export function trimRight(text: string): string {
  let end = text.length;
  while (end > 0 && IS_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** `str.strip()`. */
export function trim(text: string): string {
  let start = 0;
  while (start < text.length && IS_SPACE.test(text[start]!)) start++;
  return trimRight(text.slice(start));
}

/** `string.punctuation`. */
export const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
