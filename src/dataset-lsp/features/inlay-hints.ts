import type { InlayHint, Range } from 'vscode-languageserver/node';
import type { OpenDataset } from '../open-dataset';
import { counted, numbered } from './words';

/** The number of tokens at the end of each record in a range, as far as they have been counted. */
export function inlayHints({ document, checker, estimate }: OpenDataset, range: Range): InlayHint[] {
  const first = document.locate(range.start).index;
  const last = Math.min(document.locate(range.end).index, document.length - 1);
  const hints: InlayHint[] = [];
  for (let i = first; i <= last; i++) {
    const row = document.rows[i]!;
    const tokens = row.result?.epoch === checker.epoch ? row.result.tokens : undefined;
    if (!tokens) continue;
    const { total, trained, lost, lostTrained } = tokens;
    const about = estimate ? 'about ' : '';
    const cut = lost > 0 ? ` The last ${numbered(lost)} are cut off, ${numbered(lostTrained)} of them answers.` : '';
    hints.push({
      position: document.rangeIn(row, row.source.length, row.source.length).end,
      label: `${about}${counted(total, 'token')}${lost > 0 ? `, ${numbered(lost)} cut off` : ''}`,
      tooltip: `${numbered(trained)} of ${about}${counted(total, 'token')} are trained.${cut}`,
      paddingLeft: true,
    });
  }
  return hints;
}
