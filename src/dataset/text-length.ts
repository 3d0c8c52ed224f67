const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
// A Chinese text has about a third of the characters of its English translation.
const DENSE_WEIGHT = 3;

/**
 * Characters of a text without the white space at its ends, where one of a Chinese, Japanese or Korean script counts for
 * three. Exact up to `enough`; beyond it the text is only known to be at least that long.
 */
export function textLength(text: string, enough: number): number {
  const trimmed = text.trim();
  if (trimmed.length >= enough * 2) return trimmed.length;
  const dense = trimmed.match(DENSE)?.length ?? 0;
  return [...trimmed].length + dense * (DENSE_WEIGHT - 1);
}
