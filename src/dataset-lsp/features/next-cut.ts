import type { OpenDataset } from '../open-dataset';
import type { NextCut } from '../protocol';

/** The next record after a line, round the end of the file, of which the maximum length cuts something off. No tokens are counted for it. */
export function nextCut({ document, checker }: OpenDataset, line: number): NextCut {
  const { rows, length } = document;
  // The place behind the last line feed is no row.
  const from = Math.min(document.locate({ line, character: 0 }).index, length - 1);
  let uncounted = 0;
  for (let step = 1; step < length; step++) {
    const row = rows[(from + step) % length]!;
    const { tokens, tokenized } = checker.resultOf(row);
    if (tokens && tokens.lost > 0) return { line: document.rangeIn(row, 0, 0).start.line, uncounted: 0 };
    if (!tokenized) uncounted++;
  }
  return { line: null, uncounted };
}
