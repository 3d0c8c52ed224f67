import { FoldingRangeKind, type FoldingRange } from 'vscode-languageserver/node';
import type { OpenDataset } from '../open-dataset';
import { counted } from './words';

// VS Code shows no more than this.
const MOST_RANGES = 5000;
const LEAST_ROWS = 3;

/**
 * A record is one line and cannot be folded itself. Runs of records without a finding can: "Fold All" then leaves the
 * records to look at.
 */
export function foldingRanges({ document, checker }: OpenDataset): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  let start = 0;
  const close = (end: number): void => {
    if (end - start < LEAST_ROWS || ranges.length >= MOST_RANGES) return;
    ranges.push({
      startLine: document.positionAt(start, 0).line,
      endLine: document.positionAt(end - 1, document.rows[end - 1]!.source.length).line,
      kind: FoldingRangeKind.Region,
      collapsedText: `${counted(end - start, 'record')} without a finding`,
    });
  };
  for (let i = 0; i < document.length; i++) {
    const row = document.rows[i]!;
    const shown =
      row.result?.findings.some(({ severity }) => severity !== 'hint') === true || row.compared !== undefined;
    if (!shown) continue;
    close(i);
    start = i + 1;
  }
  if (!checker.whole) close(document.length);
  return ranges;
}
