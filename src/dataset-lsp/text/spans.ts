import { asRecord } from '../../dataset/shape';
import type { TextPart, Turn } from '../../dataset/formats';
import { nodeAt, positionsOf, stringRange } from '../../dataset/jsonl';
import type { Fix, LineEdit } from '../fixes';
import type { Report } from '../rules/rule';

/** A place in a string of a record, and what could stand there instead. */
export interface Span {
  /** JSON pointer of the string. */
  readonly pointer: string;
  /** UTF-16 range in the decoded string. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  /** Absent where nothing better is known. */
  readonly replacement?: string;
}

/** Findings that a rule makes in one record at most: more of the same would bury the others. */
const MOST = 10;

/**
 * Reports spans of one record, with a fix for each and one for all of them.
 * @param titles of the fixes: of one span, and of all of the record
 */
export function reportSpans(
  source: string,
  spans: readonly Span[],
  report: Report,
  titles: { readonly one: (span: Span) => string; readonly all: (count: number) => string },
): void {
  for (const [i, span] of spans.slice(0, MOST).entries()) {
    const { pointer, start, end, message } = span;
    const rest = i === MOST - 1 ? spans.length - MOST : 0;
    const fixable = span.replacement !== undefined;
    report({
      pointer,
      within: { start, end },
      message: rest > 0 ? `${message} There ${rest === 1 ? 'is one' : `are ${rest}`} more in this record.` : message,
      ...(fixable ? { fixes: () => spanFixes(source, span, spans, titles) } : {}),
    });
  }
}

function spanFixes(
  source: string,
  span: Span,
  spans: readonly Span[],
  titles: { readonly one: (span: Span) => string; readonly all: (count: number) => string },
): Fix[] {
  const fix = (title: string, some: readonly Span[]): Fix[] => {
    const edits = replaceSpans(source, some);
    return edits.length > 0 ? [{ title, safe: false, edits }] : [];
  };
  const fixable = spans.filter(({ replacement }) => replacement !== undefined);
  return [...fix(titles.one(span), [span]), ...(fixable.length > 1 ? fix(titles.all(fixable.length), fixable) : [])];
}

/** More of them in one string, and the string is written anew: to look for each place would take too long. */
const SEPARATE = 100;

/** Edits of the line that put the replacements in; everything else stays as it is written. */
function replaceSpans(source: string, spans: readonly Span[]): LineEdit[] {
  const root = positionsOf(source);
  if (!root) return [];
  return [...new Set(spans.map(({ pointer }) => pointer))].flatMap((pointer) => {
    const own = spans.filter((span) => span.pointer === pointer);
    const node = nodeAt(root, pointer)?.node;
    if (node?.type !== 'string') return [];
    if (own.length <= SEPARATE)
      return own.map(({ start, end, replacement = '' }) => ({
        ...stringRange(source, node, start, end),
        text: JSON.stringify(replacement).slice(1, -1),
      }));
    const text = JSON.parse(source.slice(node.start, node.end)) as string;
    let next = '';
    let from = 0;
    for (const { start, end, replacement = '' } of own) {
      next += text.slice(from, start) + replacement;
      from = end;
    }
    return [{ start: node.start, end: node.end, text: JSON.stringify(next + text.slice(from)) }];
  });
}

/** The strings of a turn, with those that it calls tools with and those that it thinks. */
export function textsOf({ texts, callsTools, message, pointer, role }: Turn): readonly TextPart[] {
  if (!message || role !== 'assistant') return texts;
  const { content, tool_calls: calls, reasoning_content: reasoning, thinking } = message;
  if (!callsTools && reasoning === undefined && thinking === undefined && typeof content === 'string') return texts;
  const all = [...texts];
  if (typeof reasoning === 'string') all.push({ pointer: `${pointer}/reasoning_content`, text: reasoning });
  if (typeof thinking === 'string') all.push({ pointer: `${pointer}/thinking`, text: thinking });
  if (Array.isArray(content))
    for (const [i, item] of content.entries()) {
      const part = asRecord(item);
      const isSaid = part?.['type'] !== 'reasoning' && part?.['type'] !== 'tool_call';
      if (!isSaid && typeof part['value'] === 'string')
        all.push({ pointer: `${pointer}/content/${i}/value`, text: part['value'] });
    }
  if (!callsTools) return all;
  const add = (called: unknown, at: string): void => {
    const given = asRecord(called)?.['arguments'];
    if (typeof given === 'string') all.push({ pointer: `${at}/arguments`, text: given });
  };
  if (Array.isArray(calls))
    for (const [i, call] of calls.entries()) add(asRecord(call)?.['function'], `${pointer}/tool_calls/${i}/function`);
  add(message['function_call'], `${pointer}/function_call`);
  return all;
}

/** Tells of places in a Markdown text, asked for from the first to the last, whether they are in a fenced block or between backticks. */
export function codeFinder(text: string): (at: number) => boolean {
  let next = 0;
  let isFenced = false;
  let isQuoted = false;
  return (at) => {
    while (next < at) {
      if (text.startsWith('```', next)) {
        isFenced = !isFenced;
        isQuoted = false;
        next += 3;
        continue;
      }
      const char = text[next++];
      if (char === '\n') isQuoted = false;
      else if (char === '`' && !isFenced) isQuoted = !isQuoted;
    }
    return isFenced || isQuoted;
  };
}
