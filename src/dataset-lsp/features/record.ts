import type { Position } from 'vscode-languageserver/node';
import type { Format, Turn } from '../../dataset/formats';
import { parseLine, type JsonNode } from '../../dataset/jsonl';
import { asRecord, checkShape, pointerTo } from '../../dataset/shape';
import type { DatasetDocument, Row } from '../document';

/** Row and offset in its `source` at a position of the editor. */
export function placeAt(document: DatasetDocument, position: Position): { readonly row: Row; readonly offset: number } {
  const { index, offset } = document.locate(position);
  const row = document.rows[index]!;
  return { row, offset: Math.min(Math.max(0, offset - row.skipped), row.source.length) };
}

/** Everything that is said in a record; `undefined` when it does not have the shape of the format. */
export function turnsOf(source: string, format: Format | undefined): readonly Turn[] | undefined {
  if (!format) return undefined;
  const parsed = parseLine(source);
  const value = parsed.ok ? asRecord(parsed.value) : undefined;
  return value && checkShape(format.shape, value).length === 0 ? format.turns(value) : undefined;
}

/** JSON pointer of the innermost value or member around an offset. */
export function pointerAt(root: JsonNode, offset: number): string {
  let node = root;
  let pointer = '';
  for (;;) {
    const member = node.members?.find(({ keyStart, value }) => keyStart <= offset && offset <= value.end);
    const item = node.items?.findIndex(({ start, end }) => start <= offset && offset <= end) ?? -1;
    if (member) {
      pointer = pointerTo(pointer, member.key);
      node = member.value;
    } else if (item >= 0) {
      pointer = pointerTo(pointer, item);
      node = node.items![item]!;
    } else return pointer;
  }
}

/** Number of a record among those of its file, 1-based, and how many there are. Blank lines are no records. */
export function recordNumber(document: DatasetDocument, row: Row): { readonly number: number; readonly of: number } {
  let number = 0;
  let of = 0;
  for (let i = 0; i < document.length; i++) {
    if (document.rows[i]!.result?.blank === true) continue;
    of++;
    if (i <= row.index) number++;
  }
  return { number, of };
}
