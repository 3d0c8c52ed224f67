import type { Turn } from './formats';
import { callsInText } from './formats/message';
import { named } from './shape-problems';
import { asRecord } from './shape';

export type Raw = Readonly<Record<string, unknown>>;

/** A message as OpenAI writes it. */
export interface RawMessage extends Raw {
  readonly role: string;
  readonly content?: unknown;
  readonly weight?: number;
  readonly tool_calls?: readonly Raw[];
}

/** A record cannot be written in the new format; the message is the reason, as a sentence. */
export class Refused extends Error {}

const CARRIED = ['name', 'tool_calls', 'function_call', 'tool_call_id', 'refusal', 'reasoning_content', 'thinking'];
const READ = new Set([...CARRIED, 'role', 'from', 'content', 'value', 'weight', 'loss_weight']);

/**
 * A turn as one of OpenAI's messages, whatever its format. Keys that no format knows go to `dropped`.
 * Throws `Refused` where ShareGPT's `function_call` holds no call.
 */
export function messageFrom({ role, message, text, trained, pointer }: Turn, dropped: Set<string>): RawMessage {
  const weight = role === 'assistant' && !trained ? { weight: 0 } : {};
  if (!message) return { role, content: text, ...weight };
  for (const key of Object.keys(message)) if (!READ.has(key)) dropped.add(`messages[].${key}`);
  const kept = CARRIED.filter((key) => message[key] !== undefined && message[key] !== null);
  const rest = { ...Object.fromEntries(kept.map((key) => [key, message[key]])), ...weight };
  if (message['from'] === 'function_call' || message['role'] === 'function_call')
    return { role, content: null, ...rest, tool_calls: callsFrom(text, pointer) };
  const { content } = message;
  if (!Array.isArray(content)) return { role, content: content === null ? null : text, ...rest };
  const parts = (content as readonly unknown[]).map((part) => asRecord(part) ?? {});
  const calls = parts.filter(({ type }) => type === 'tool_call').flatMap(({ value }) => callsFrom(value, pointer));
  const reasoning = parts.filter(({ type }) => type === 'reasoning').map(({ value }) => String(value));
  const said = parts.filter(({ type }) => type !== 'tool_call' && type !== 'reasoning');
  const onlyText = said.every(({ type }) => type === 'text' || type === 'refusal');
  return {
    role,
    content: !onlyText ? said.map(openAiPart) : calls.length > 0 && text === '' ? null : text,
    ...rest,
    ...(reasoning.length > 0 ? { reasoning_content: reasoning.join('') } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

/** LLaMA-Factory's parts have their text or address in `value`. */
function openAiPart(part: Raw): Raw {
  const { type, value, ...rest } = part;
  if (typeof value !== 'string') return part;
  if (type === 'text') return { type, text: value };
  return { ...rest, type, [String(type)]: type === 'image_url' ? { url: value } : value };
}

function callsFrom(text: unknown, pointer: string): Raw[] {
  const calls = typeof text === 'string' ? callsInText(text) : undefined;
  if (!calls) throw new Refused(`${named(pointer)} should hold the call of a tool as JSON with a "name".`);
  return calls.map(({ name, arguments: given = {} }) => ({
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  }));
}

const PLACEHOLDERS = [
  { list: 'images', placeholder: '<image>' },
  { list: 'videos', placeholder: '<video>' },
  { list: 'audios', placeholder: '<audio>' },
] as const;

/** The placeholders of the texts that stand for an entry of the record's lists; not those that have none. */
export function placeholdersIn(turns: readonly Turn[], record: Raw): readonly string[] {
  return PLACEHOLDERS.flatMap(({ list, placeholder }) => {
    const entries = record[list];
    if (!Array.isArray(entries) || entries.length === 0) return [];
    let places = 0;
    for (const { text, side } of turns) if (side !== 'rejected') places += text.split(placeholder).length - 1;
    return places > 0 && places <= entries.length ? [placeholder] : [];
  });
}

/** Writes the placeholders of a text as parts of the content. */
export function placeMedia(message: RawMessage, placeholders: readonly string[]): RawMessage {
  const { content } = message;
  if (typeof content !== 'string' || !placeholders.some((one) => content.includes(one))) return message;
  const pieces = content.split(/(<image>|<video>|<audio>)/).filter((piece) => piece !== '');
  const parts = pieces.map((piece) =>
    placeholders.includes(piece) ? { type: piece.slice(1, -1) } : { type: 'text', text: piece },
  );
  return { ...message, content: parts };
}

/**
 * Gives calls and the results that answer them the identifiers that OpenAI wants, in order; nothing changes where
 * some have one already, or where the numbers do not fit. Nine characters, since Mistral's template takes no other.
 */
export function withCallIds(messages: readonly RawMessage[]): readonly RawMessage[] {
  const calls = messages.flatMap(({ tool_calls: list = [] }) => list);
  const results = messages.filter(({ role }) => role === 'tool');
  const given = calls.some(({ id }) => id !== undefined) || results.some((one) => one['tool_call_id'] !== undefined);
  if (given || calls.length === 0 || !isAnsweredInOrder(messages)) return messages;
  let made = 0;
  let answered = 0;
  const id = (number: number): string => `call${String(number).padStart(5, '0')}`;
  return messages.map((message) => {
    if (message.role === 'tool') return { ...message, tool_call_id: id(++answered) };
    if (!message.tool_calls) return message;
    return { ...message, tool_calls: message.tool_calls.map((call) => ({ id: id(++made), ...call })) };
  });
}

/** As many results as calls after each message that calls, but perhaps the last one. */
function isAnsweredInOrder(messages: readonly RawMessage[]): boolean {
  let open = 0;
  for (const { role, tool_calls: list = [] } of messages) {
    if (role === 'tool') {
      if (--open < 0) return false;
    } else {
      if (open > 0) return false;
      open = list.length;
    }
  }
  return true;
}
