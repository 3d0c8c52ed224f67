import { SymbolKind, type DocumentSymbol } from 'vscode-languageserver/node';
import type { Format, Turn } from '../../dataset/formats';
import { nodeAt, positionsOf } from '../../dataset/jsonl';
import type { DatasetDocument, Row } from '../document';
import type { OpenDataset } from '../open-dataset';
import { turnsOf } from './record';
import { beginning, counted } from './words';

// An outline of more entries than this is no outline, and the editor would take seconds to draw it.
const MOST_RECORDS = 5000;
// Up to this many records are shown with their turns.
const MOST_WITH_TURNS = 500;
const NAME_LENGTH = 60;

/** A readable outline: each record by the first words of its prompt, with its turns. Yields between records. */
export function* symbolsOf({ document, checker }: OpenDataset): Generator<void, DocumentSymbol[]> {
  const symbols: DocumentSymbol[] = [];
  const withTurns = document.length <= MOST_WITH_TURNS;
  for (let i = 0; i < document.length; i++) {
    const row = document.rows[i]!;
    if (checker.resultOf(row).blank) continue;
    if (symbols.length === MOST_RECORDS) {
      symbols.push(restSymbol(document, i));
      break;
    }
    symbols.push(recordSymbol(document, row, checker.format, withTurns));
    yield;
  }
  return symbols;
}

function recordSymbol(
  document: DatasetDocument,
  row: Row,
  format: Format | undefined,
  withTurns: boolean,
): DocumentSymbol {
  const { source, result } = row;
  const turns = turnsOf(source, format);
  const named = turns?.find(({ role, text }) => role === 'user' && text.trim() !== '') ?? turns?.[0];
  const name = beginning(named?.text ?? source, NAME_LENGTH);
  const details = [`line ${document.positionAt(row.index, 0).line + 1}`];
  if (turns && turns.length > 0) details.push(counted(turns.length, 'turn'));
  if (result?.tokens) details.push(counted(result.tokens.total, 'token'));
  return {
    name: name === '' ? '(empty)' : name,
    detail: details.join(' · '),
    kind: turns ? SymbolKind.Struct : SymbolKind.Null,
    range: document.rangeIn(row, 0, source.length),
    selectionRange: document.rangeIn(row, 0, Math.min(1, source.length)),
    ...(withTurns && turns ? { children: turnSymbols(document, row, turns) } : {}),
  };
}

function turnSymbols(document: DatasetDocument, row: Row, turns: readonly Turn[]): DocumentSymbol[] {
  const root = positionsOf(row.source);
  return turns.flatMap(({ role, text, pointer, trained, side, callsTools }) => {
    const node = root && nodeAt(root, pointer)?.node;
    if (!node) return [];
    const range = document.rangeIn(row, node.start, node.end);
    const who = side === 'chosen' || side === 'rejected' ? `${role} (${side})` : role;
    const words = beginning(text, NAME_LENGTH);
    return [
      {
        name: words !== '' ? words : callsTools ? '(calls tools)' : '(empty)',
        detail: trained ? `${who}, trained` : who,
        kind: trained ? SymbolKind.Method : SymbolKind.String,
        range,
        selectionRange: range,
      },
    ];
  });
}

function restSymbol(document: DatasetDocument, index: number): DocumentSymbol {
  const range = document.fullRange(index, document.rows.length - 1);
  const name = `… ${counted(document.length - index, 'more line')}`;
  return { name, kind: SymbolKind.Array, range, selectionRange: { start: range.start, end: range.start } };
}
