import type { Message } from '../conversation';
import type { Span } from '../template';
import type { Edges } from './edges';

/**
 * Spans of the trained answers by the marks around assistant turns: from behind the opening to the first token that ends
 * a turn, which is part of the span. One look at the text, where other ways need several renderings. `undefined` when the
 * template has no such marks, when the text has not one opening for each assistant turn, or when a message could hold a mark.
 */
export function spansByMarks(
  text: string,
  turns: readonly Message[],
  { opening, closings, endings }: Edges,
): Span[] | undefined {
  if (opening === '' || closings.length === 0) return undefined;
  const marks = [...openingMarks(opening), ...closings];
  if (turns.some((turn) => textsOf(turn).some((one) => marks.some((mark) => one.includes(mark))))) return undefined;
  const spans: Span[] = [];
  let at = text.indexOf(opening);
  for (const { role, trained } of turns) {
    if (role !== 'assistant') continue;
    if (at < 0) return undefined;
    const start = at + opening.length;
    at = text.indexOf(opening, start);
    const end = firstOf(text, start, closings);
    if (end < 0 || (at >= 0 && end > at)) return undefined;
    const ending = endings.find((one) => text.startsWith(one, end)) ?? '';
    if (trained) spans.push({ start, end: end + ending.length });
  }
  return at < 0 ? spans : undefined;
}

/** The parts of an opening that a text has for no other reason: `<|im_start|>assistant`, `<think>`. */
export function openingMarks(opening: string): string[] {
  const parts = opening.split(/\s+/).filter((part) => /[^\w\s]/.test(part));
  return parts.length > 0 ? parts : [opening.trim()].filter((part) => part !== '');
}

function textsOf({ content, reasoning, toolCalls = [] }: Message): string[] {
  return [
    content,
    ...(reasoning === undefined ? [] : [reasoning]),
    ...toolCalls.flatMap((call) => [call.function.name, call.function.arguments]),
  ];
}

function firstOf(text: string, from: number, marks: readonly string[]): number {
  let first = -1;
  for (const mark of marks) {
    const at = text.indexOf(mark, from);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}
