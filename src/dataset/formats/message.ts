import type { Message, PlainText, Role, ToolCall } from '../conversation';
import { asRecord, pointerTo } from '../shape';
import type { TextPart, Turn } from './format';
import { callsByKey, MEDIA_TYPES, SHAREGPT_ROLES } from './message-shape';

type Raw = Readonly<Record<string, unknown>>;

/** Messages of a list that has the shape `MESSAGES`, or one of `SHAREGPT_MESSAGE`. */
export function toMessages(list: unknown): Message[] {
  return Array.isArray(list) ? list.map((item) => toMessage(asRecord(item) ?? {})) : [];
}

/** @param side of the assistant's turns; all others belong to the prompt */
export function messageTurns(list: unknown, pointer: string, side: Turn['side']): Turn[] {
  if (!Array.isArray(list)) return [];
  return list.map((item, i) => messageTurn(asRecord(item) ?? {}, pointerTo(pointer, i), side));
}

/** @param pointer of the message */
export function messageTurn(raw: Raw, pointer: string, side: Turn['side']): Turn {
  const role = roleOf(raw);
  const key = typeof raw['value'] === 'string' ? 'value' : 'content';
  return {
    role,
    pointer,
    rolePointer: 'from' in raw ? `${pointer}/from` : `${pointer}/role`,
    texts: textParts(raw, key, pointer),
    text: toText(raw),
    trained: isTrained(raw, role),
    callsTools: role === 'assistant' && (callsByKey(raw) || isCallInText(raw) || hasCallPart(raw['content'])),
    side: role === 'assistant' ? side : 'prompt',
    message: raw,
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** One message of either spelling. */
export function toMessage(raw: Raw): Message {
  const role = roleOf(raw);
  const message: Writable<Message> = { role, content: toText(raw), trained: isTrained(raw, role) };
  if (typeof raw['name'] === 'string') message.name = raw['name'];
  if (typeof raw['tool_call_id'] === 'string') message.toolCallId = raw['tool_call_id'];
  const media = mediaIn(raw['content']);
  if (media > 0) message.media = media;
  if (role !== 'assistant') return message;
  const toolCalls = toToolCalls(raw);
  if (toolCalls.length > 0) {
    message.toolCalls = toolCalls;
    if (isCallInText(raw)) message.content = '';
  }
  const reasoning = reasoningOf(raw);
  if (reasoning !== '') message.reasoning = reasoning;
  return message;
}

/** Pictures and recordings that a record lists beside its messages and that no message names belong to the first question. */
export function withMedia(messages: readonly Message[], record: Raw): readonly Message[] {
  const listed = listedMedia(record);
  if (listed === 0) return messages;
  const missing = listed - messages.reduce((sum, { media = 0 }) => sum + media, 0);
  const asked = Math.max(
    0,
    messages.findIndex(({ role }) => role === 'user'),
  );
  return missing <= 0
    ? messages
    : messages.map((message, i) => (i === asked ? { ...message, media: (message.media ?? 0) + missing } : message));
}

/** The tools that a record offers, as chat templates want them; `undefined` where it offers none. */
export function toTools({ tools, functions }: Raw): readonly unknown[] | undefined {
  const given = typeof tools === 'string' ? listIn(tools).map(wrapped) : tools;
  if (Array.isArray(given) && given.length > 0) return given;
  return Array.isArray(functions) && functions.length > 0 ? functions.map(wrapped) : undefined;
}

/** `{name, parameters}` → `{type: "function", function: {name, parameters}}`. */
export function wrapped(tool: unknown): unknown {
  const value = asRecord(tool);
  return value && 'name' in value && !('function' in value) ? { type: 'function', function: tool } : tool;
}

/** Calls in the text of ShareGPT's `function_call`: one object or a list of them; `undefined` when it is something else. */
export function callsInText(text: string): readonly Raw[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const calls = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((call) => asRecord(call));
  return calls.length > 0 && calls.every((call) => typeof call?.['name'] === 'string') ? (calls as Raw[]) : undefined;
}

/** A text that holds a JSON list; empty when it holds something else. */
function listIn(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function roleOf(raw: Raw): Role {
  const written = 'from' in raw ? raw['from'] : raw['role'];
  if (written === 'user' || written === 'assistant' || written === 'developer' || written === 'function')
    return written;
  return typeof written === 'string' && Object.hasOwn(SHAREGPT_ROLES, written)
    ? SHAREGPT_ROLES[written]!
    : (written as Role);
}

function isTrained(raw: Raw, role: Role): boolean {
  return role === 'assistant' && raw['weight'] !== 0 && raw['loss_weight'] !== 0;
}

function isCallInText(raw: Raw): boolean {
  return raw['from'] === 'function_call' || raw['role'] === 'function_call';
}

function hasCallPart(content: unknown): boolean {
  return Array.isArray(content) && content.some((part) => asRecord(part)?.['type'] === 'tool_call');
}

/** How a part is read: its key with a text, or nothing for other parts. */
function textKey(part: Raw | undefined): 'text' | 'value' | 'refusal' | undefined {
  if (part?.['type'] === 'text') return typeof part['text'] === 'string' ? 'text' : 'value';
  return part?.['type'] === 'refusal' ? 'refusal' : undefined;
}

function textParts(raw: Raw, key: 'value' | 'content', pointer: string): TextPart[] {
  const content = raw[key];
  if (typeof content === 'string') return [{ pointer: `${pointer}/${key}`, text: content }];
  if (!Array.isArray(content)) {
    const refusal = raw['refusal'];
    return typeof refusal === 'string' ? [{ pointer: `${pointer}/refusal`, text: refusal }] : [];
  }
  return content.flatMap((item, i) => {
    const part = asRecord(item);
    const own = textKey(part);
    const text = own && part?.[own];
    return typeof text === 'string' ? [{ pointer: `${pointer}/${key}/${i}/${own}`, text }] : [];
  });
}

function toText(raw: Raw): string {
  const { value, content, refusal } = raw;
  if (typeof value === 'string') return value;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return typeof refusal === 'string' ? refusal : '';
  let text = '';
  for (const item of content) {
    const part = asRecord(item);
    const key = textKey(part);
    if (key) text += String(part?.[key] ?? '');
  }
  return text;
}

function reasoningOf(raw: Raw): string {
  const { reasoning_content: reasoning, thinking, content } = raw;
  if (typeof reasoning === 'string') return reasoning;
  if (typeof thinking === 'string') return thinking;
  return partsOf(content, 'reasoning').join('');
}

/** Texts of the parts of one type, as LLaMA-Factory writes them. */
function partsOf(content: unknown, type: string): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((item) => {
    const part = asRecord(item);
    return part?.['type'] === type && typeof part['value'] === 'string' ? [part['value']] : [];
  });
}

function mediaIn(content: unknown): number {
  if (!Array.isArray(content)) return 0;
  let count = 0;
  for (const part of content) if (MEDIA_TYPES.includes(asRecord(part)?.['type'])) count++;
  return count;
}

/** Two texts of a record, with the number of pictures and recordings that it lists. */
export function plainText(masked: string, trained: string, record: Raw): PlainText {
  const media = listedMedia(record);
  return { kind: 'plain', masked, trained, ...(media > 0 ? { media } : {}) };
}

function listedMedia({ images, image, videos, audios }: Raw): number {
  const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
  return count(images) + count(videos) + count(audios) + (image === undefined || image === null ? 0 : 1);
}

const NO_CALLS: readonly ToolCall[] = [];

function toToolCalls(raw: Raw): readonly ToolCall[] {
  const list = Array.isArray(raw['tool_calls']) ? raw['tool_calls'].map((call) => asRecord(call) ?? {}) : [];
  const older = asRecord(raw['function_call']);
  if (list.length === 0 && older) list.push({ function: older });
  const inText = isCallInText(raw);
  if (list.length === 0 && !inText && !Array.isArray(raw['content'])) return NO_CALLS;
  const texts = inText ? [toText(raw)] : partsOf(raw['content'], 'tool_call');
  for (const text of texts) list.push(...(callsInText(text) ?? []).map((call) => ({ function: call })));
  return list.map((call) => {
    const called = asRecord(call['function']) ?? {};
    const given = called['arguments'] ?? {};
    return {
      ...(typeof call['id'] === 'string' ? { id: call['id'] } : {}),
      type: 'function',
      function: {
        name: String(called['name']),
        arguments: typeof given === 'string' ? given : JSON.stringify(given),
      },
    };
  });
}
