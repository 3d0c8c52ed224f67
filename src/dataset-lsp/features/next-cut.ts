import type { OpenDataset } from '../open-dataset';
import type { NextCut } from '../protocol';

/** The next record after a line, round the end of the file, of which the maximum length cuts something off. Looks at what is counted already. */
export function nextCut({ document, checker }: OpenDataset, line: number): NextCut {
  const { rows, length } = document;
  const from = document.locate({ line, character: 0 }).index;
  let uncounted = 0;
  for (let step = 1; step < length; step++) {
    const row = rows[(from + step) % length]!;
    const { tokens, tokenized } = checker.resultOf(row);
    if (tokens && tokens.lost > 0) return { line: row.index, uncounted: 0 };
    if (!tokenized) uncounted++;
  }
  return { line: null, uncounted };
}
