import { MarkupKind, type Hover, type Position } from 'vscode-languageserver/node';
import type { Turn } from '../../dataset/formats';
import { nodeAt, positionsOf, type JsonNode } from '../../dataset/jsonl';
import { comparedFindings } from '../dataset-pass';
import type { Row } from '../document';
import type { OpenDataset } from '../open-dataset';
import { placeAt, pointerAt, recordNumber, turnsOf } from './record';
import { counted, numbered, percent } from './words';

/** What is to be known of the record and the turn at a position. */
export function hoverAt(dataset: OpenDataset, position: Position): Hover | null {
  const { document, checker } = dataset;
  const { row, offset } = placeAt(document, position);
  const result = checker.resultOf(row);
  if (result.blank || row.index >= document.length) return null;
  const { source } = row;
  const { format } = checker;
  const turns = turnsOf(source, format);
  const { number, of } = recordNumber(document, row);
  const head = [`**Record ${numbered(number)} of ${numbered(of)}**`, format ? format.id : 'unknown format'];
  if (turns) head.push(counted(turns.length, 'turn'));
  const lines = [head.join(' · ')];

  const root = positionsOf(source);
  const turn = root && turns && turnAt(turns, pointerAt(root, offset));
  if (turn) lines.push(turnText(turn, turns.indexOf(turn), turns.length));
  lines.push(...tokenLines(dataset, result.tokens), ...likeLines(dataset, row));
  return {
    contents: { kind: MarkupKind.Markdown, value: lines.join('\n\n') },
    range: rangeOf(root, turn, source, (start, end) => document.rangeIn(row, start, end)),
  };
}

function turnAt(turns: readonly Turn[], pointer: string): Turn | undefined {
  return turns.find((turn) => turn.pointer !== '' && `${pointer}/`.startsWith(`${turn.pointer}/`));
}

function turnText({ role, trained, text, callsTools, side }: Turn, index: number, of: number): string {
  const parts = [role, trained ? 'trained' : 'read, not trained', counted(text.length, 'character')];
  if (side === 'chosen' || side === 'rejected') parts.splice(1, 1, `the ${side} answer`);
  if (callsTools) parts.push('calls tools');
  return `Turn ${index + 1} of ${of}: ${parts.join(', ')}.`;
}

function tokenLines(
  { checker, estimate }: OpenDataset,
  tokens: ReturnType<OpenDataset['checker']['resultOf']>['tokens'],
): string[] {
  if (!tokens) return [];
  const { total, trained, lost, lostTrained } = tokens;
  const lines = [
    `${estimate ? 'About ' : ''}${counted(total, 'token')}, ${numbered(trained)} of them trained (${percent(trained, total)}).`,
  ];
  if (lost > 0)
    lines.push(
      `Cut off at ${counted(checker.encode?.maxLength ?? 0, 'token')}: ${numbered(lost)} are lost` +
        (lostTrained > 0 ? `, ${numbered(lostTrained)} of which would have been trained.` : ', none of them trained.'),
    );
  return lines;
}

const ABOUT_OTHERS = new Set(['duplicate-example', 'near-duplicate', 'conflicting-answers', 'validation-leak']);

/** The nearest other record, where the comparison of all records found one. */
function likeLines({ document }: OpenDataset, row: Row): string[] {
  return comparedFindings(document, row)
    .filter(({ rule }) => ABOUT_OTHERS.has(rule))
    .map(({ message, rows }) => {
      const place = rows[0];
      if (!place) return message;
      const { line } = document.positionAt(place.row.index, 0);
      return `${message} [Line ${numbered(line + 1)}](${document.uri}#L${line + 1})`;
    });
}

function rangeOf<R>(
  root: JsonNode | undefined,
  turn: Turn | undefined,
  source: string,
  range: (start: number, end: number) => R,
): R {
  const node = root && turn ? nodeAt(root, turn.pointer)?.node : undefined;
  return node ? range(node.start, node.end) : range(0, source.length);
}
