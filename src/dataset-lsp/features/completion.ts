import {
  CompletionItemKind,
  InsertTextFormat,
  type CompletionItem,
  type Position,
  type Range,
} from 'vscode-languageserver/node';
import { FORMATS, type Format } from '../../dataset/formats';
import { isBlank } from '../../dataset/jsonl';
import type { Shape } from '../../dataset/shape';
import type { OpenDataset } from '../open-dataset';
import { contextAt, type JsonContext } from './json-context';
import { placeAt } from './record';

/** Keys, roles and other fixed values that may stand at a position; whole records on an empty line. */
export function completionsAt({ document, checker }: OpenDataset, position: Position): CompletionItem[] {
  const { row, offset } = placeAt(document, position);
  const { source } = row;
  const { format } = checker;
  if (isBlank(source)) {
    const range = document.rangeIn(row, 0, source.length);
    return (format ? [format] : FORMATS).map((one) => recordItem(one, range));
  }
  const context = contextAt(source, offset);
  if (context.expects === 'nothing') return [];
  const range = document.rangeIn(row, context.token.start, context.token.end);
  // Before anything is known of the file, any format may be meant.
  const shapes = (format ? [format] : FORMATS).flatMap((one) => shapesAt(one.shape, context.path));
  return context.expects === 'key' ? keyItems(shapes, context, range) : valueItems(shapes, context, range);
}

function keyItems(shapes: readonly Shape[], { keys, token, hasColon }: JsonContext, range: Range): CompletionItem[] {
  const own = token.end > token.start;
  const items = new Map<string, CompletionItem>();
  for (const shape of shapes) {
    if (shape.kind !== 'object') continue;
    for (const [key, field] of Object.entries(shape.fields)) {
      // The key at the cursor is among the object's own.
      if (items.has(key) || (keys.has(key) && !own)) continue;
      const quoted = JSON.stringify(key);
      items.set(key, {
        label: key,
        kind: CompletionItemKind.Property,
        detail: kindOf(field.shape),
        filterText: quoted,
        sortText: `${field.required ? 0 : 1}${String(items.size).padStart(3, '0')}`,
        insertTextFormat: InsertTextFormat.Snippet,
        textEdit: { range, newText: hasColon ? escapeSnippet(quoted) : `${quoted}: ${placeholder(field.shape)}` },
      });
    }
  }
  return [...items.values()];
}

function valueItems(shapes: readonly Shape[], { key }: JsonContext, range: Range): CompletionItem[] {
  const values = new Set<string | number | boolean>();
  const inner = shapes.flatMap((shape) => (key === undefined ? [] : shapesAt(shape, [key])));
  for (const shape of inner) {
    if (shape.kind === 'choice' || shape.kind === 'role') shape.values.forEach((value) => values.add(value));
    else if (shape.kind === 'weight') [0, 1].forEach((value) => values.add(value));
  }
  return [...values].map((value, i) => ({
    label: String(value),
    kind: CompletionItemKind.EnumMember,
    filterText: JSON.stringify(value),
    sortText: String(i).padStart(3, '0'),
    insertTextFormat: InsertTextFormat.PlainText,
    textEdit: { range, newText: JSON.stringify(value) },
  }));
}

function recordItem(format: Format, range: Range): CompletionItem {
  return {
    label: `${format.id} record`,
    kind: CompletionItemKind.Snippet,
    detail: format.keys,
    filterText: format.id,
    insertTextFormat: InsertTextFormat.Snippet,
    textEdit: { range, newText: RECORDS[format.id] },
  };
}

const RECORDS: Readonly<Record<Format['id'], string>> = {
  chat: '{"messages": [{"role": "user", "content": "$1"\\}, {"role": "assistant", "content": "$2"\\}]\\}',
  instruction: '{"instruction": "$1", "output": "$2"\\}',
  sharegpt: '{"conversations": [{"from": "human", "value": "$1"\\}, {"from": "gpt", "value": "$2"\\}]\\}',
  completion: '{"prompt": "$1", "completion": "$2"\\}',
  text: '{"text": "$1"\\}',
  preference: '{"prompt": "$1", "chosen": "$2", "rejected": "$3"\\}',
  'unpaired-preference': '{"prompt": "$1", "completion": "$2", "label": ${3|true,false|}\\}',
};

/** What may stand at a path inside a shape; several where it has alternatives. */
function shapesAt(shape: Shape, path: readonly (string | number)[]): Shape[] {
  if (shape.kind === 'one-of') return shape.of.flatMap((one) => shapesAt(one, path));
  const [step, ...rest] = path;
  if (step === undefined) return [shape];
  if (shape.kind === 'list') return typeof step === 'number' ? shapesAt(shape.of, rest) : [];
  const field = shape.kind === 'object' && typeof step === 'string' && Object.hasOwn(shape.fields, step);
  return field ? shapesAt(shape.fields[step]!.shape, rest) : [];
}

function kindOf(shape: Shape): string {
  switch (shape.kind) {
    case 'string':
      return 'text';
    case 'list':
      return 'list';
    case 'object':
      return 'object';
    case 'one-of':
      return shape.expected;
    case 'choice':
    case 'role':
      return shape.values.map((value) => JSON.stringify(value)).join(', ');
    case 'weight':
      return '0 or 1';
    case 'any':
      return 'any value';
    default:
      return shape satisfies never;
  }
}

/** What is written behind a new key, with the cursor inside. */
function placeholder(shape: Shape): string {
  switch (shape.kind) {
    case 'string':
      return '"$1"';
    case 'list':
      return '[$1]';
    case 'object':
      return '{$1\\}';
    case 'one-of':
      return placeholder(shape.of[0]!);
    case 'role':
      return `"\${1|${shape.values.join(',')}|}"`;
    case 'choice':
      return shape.values.length === 1
        ? escapeSnippet(JSON.stringify(shape.values[0]))
        : `\${1|${shape.values.map((value) => JSON.stringify(value)).join(',')}|}`;
    case 'weight':
      return '${1|0,1|}';
    case 'any':
      return '$1';
    default:
      return shape satisfies never;
  }
}

function escapeSnippet(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
