import type { PreviewToken } from '../../../dataset/preview-tokens';

/** A stretch of tokens that is drawn, and laid out by the browser, as a piece of its own. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

const WANTED = 150;
const MOST = 600;
/** A cut between two words shows less than one within a word. */
const LOOK_FOR_WORD = 40;

/**
 * Cuts a turn into pieces that end where a line ends, so that the cuts do not show. A text without line ends is cut
 * after 600 tokens all the same; and nothing stands on both sides of the maximum length.
 */
export function planChunks(tokens: readonly PreviewToken[], { start, end }: Chunk, maxLength: number): Chunk[] {
  const chunks: Chunk[] = [];
  let from = start;
  for (let i = start; i < end; i++) {
    const length = i + 1 - from;
    const lineEnds = tokens[i]!.text.endsWith('\n');
    const wordEnds = tokens[i + 1]?.text.startsWith(' ') === true;
    const full = length >= MOST && (wordEnds || length >= MOST + LOOK_FOR_WORD);
    if ((lineEnds && length >= WANTED) || full || i + 1 === maxLength || i + 1 === end) {
      chunks.push({ start: from, end: i + 1 });
      from = i + 1;
    }
  }
  return chunks;
}
