/** A character with what belongs to it, and the columns of a terminal that it fills. */
export interface Cell {
  readonly text: string;
  readonly width: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
// Scripts and symbols that terminals draw two columns wide.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

export function cellsOf(text: string): Cell[] {
  return Array.from(segmenter.segment(text), ({ segment }) => ({
    text: segment,
    width: /^\p{M}+$/u.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1,
  }));
}
