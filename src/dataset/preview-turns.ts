import { Failure } from '../common/failure';
import type { Conversation, Message, Role } from './conversation';
import type { ChatTemplate } from './template';

/** A stretch of a rendered conversation: UTF-16 range. `template`: what the template writes before the first message. */
export interface TextTurn {
  readonly role: Role | 'template';
  readonly start: number;
  readonly end: number;
}

/** Beyond this many messages the beginnings of the conversation are not rendered one by one. */
const MOST_RENDERED = 48;

/**
 * Which part of a rendered conversation belongs to which message. A conversation that is cut before a message renders,
 * with most templates, as the beginning of the whole: that is where the message starts. Where it does not, the
 * message starts behind the end-of-turn token between its own text and the one before.
 */
export function findTurns(conversation: Conversation, text: string, template: ChatTemplate): TextTurn[] {
  const { messages } = conversation;
  const places = findContents(messages, text);
  const known = messages.length <= MOST_RENDERED ? renderedStarts(conversation, text, template) : [];
  const turns: TextTurn[] = [];
  const add = (role: TextTurn['role'], start: number): void => {
    const last = turns.at(-1);
    // A message of which the template writes nothing.
    if (last && start <= last.start) turns.pop();
    turns.push({ role, start, end: text.length });
    if (turns.length > 1) turns[turns.length - 2] = { ...turns[turns.length - 2]!, end: start };
  };
  let contentEnd = 0;
  messages.forEach((message, i) => {
    const place = places[i];
    if (i === 0) {
      const head = place ? endOfTurnIn(text, 0, place.start, template.endOfTurn) : undefined;
      if (head !== undefined) add('template', 0);
      add(message.role, head ?? 0);
    } else {
      const start =
        known[i] ??
        (place ? (endOfTurnIn(text, contentEnd, place.start, template.endOfTurn) ?? contentEnd) : undefined);
      if (start !== undefined && start < text.length) add(message.role, start);
    }
    contentEnd = place?.end ?? contentEnd;
  });
  return turns;
}

/** Where each message's own words stand, as far as they can be found in order. */
function findContents(
  messages: readonly Message[],
  text: string,
): ({ readonly start: number; readonly end: number } | undefined)[] {
  let from = 0;
  return messages.map(({ content, toolCalls }) => {
    for (const words of [...recognisable(content), toolCalls?.[0]?.function.name ?? '']) {
      const start = words === '' ? -1 : text.indexOf(words, from);
      if (start < 0) continue;
      from = start + words.length;
      return { start, end: from };
    }
    return undefined;
  });
}

/** A message by its whole text, and by parts of it where a template changes the text (some leave out the reasoning). */
function recognisable(content: string): string[] {
  const core = content.trim();
  const lines = core.split('\n');
  return [core, core.split('</think>').at(-1)!.trim(), lines.at(-1)!.trim(), lines[0]!.trim()];
}

/** Start of each message but the first, where rendering the messages before it gives the beginning of the text. */
function renderedStarts(conversation: Conversation, text: string, template: ChatTemplate): (number | undefined)[] {
  const untrained = conversation.messages.map((message) => ({ ...message, trained: false }));
  return untrained.map((_, i) => {
    if (i === 0) return 0;
    try {
      const before = template.render({ ...conversation, messages: untrained.slice(0, i) }).text;
      return before !== '' && text.startsWith(before) ? before.length : undefined;
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  });
}

/** Behind the first end-of-turn token in a stretch of the text, and the white space after it. */
function endOfTurnIn(text: string, from: number, to: number, token: string | undefined): number | undefined {
  if (token === undefined || token === '') return undefined;
  const at = text.indexOf(token, from);
  if (at < 0 || at >= to) return undefined;
  let end = at + token.length;
  while (end < to && /\s/.test(text[end]!)) end++;
  return end;
}
