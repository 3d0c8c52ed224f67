import type { Message, Role, ToolCall } from '../conversation';
import { asRecord, pointerTo, type Shape } from '../shape';
import { ROLES, type Format, type TextPart, type Turn } from './format';

const STRING: Shape = { kind: 'string' };

const PARTS: Shape = {
  kind: 'list',
  of: {
    kind: 'object',
    fields: {
      type: { shape: { kind: 'choice', values: ['text'] }, required: true },
      text: { shape: STRING, required: (part) => part['type'] === 'text' },
    },
  },
};

const CALLED: Shape = {
  kind: 'object',
  fields: {
    name: { shape: STRING, required: true },
    // A text on OpenAI's wire; many data sets hold the object itself.
    arguments: {
      shape: { kind: 'one-of', expected: 'a text or an object', of: [STRING, { kind: 'object', fields: {} }] },
      required: true,
    },
  },
};

const callsSomething = (message: Readonly<Record<string, unknown>>): boolean =>
  message['role'] === 'assistant' &&
  ((Array.isArray(message['tool_calls']) && message['tool_calls'].length > 0) ||
    asRecord(message['function_call']) !== undefined);

const MESSAGE: Shape = {
  kind: 'object',
  fields: {
    role: { shape: { kind: 'role', values: ROLES }, required: true },
    content: {
      shape: { kind: 'one-of', expected: 'a text or a list of text parts', of: [STRING, PARTS] },
      required: (message) => !callsSomething(message),
      nullable: true,
    },
    name: { shape: STRING, nullable: true },
    weight: { shape: { kind: 'choice', values: [0, 1] }, nullable: true },
    tool_calls: {
      shape: {
        kind: 'list',
        of: {
          kind: 'object',
          fields: {
            id: { shape: STRING, nullable: true },
            type: { shape: { kind: 'choice', values: ['function'] }, nullable: true },
            function: { shape: CALLED, required: true },
          },
        },
      },
      nullable: true,
    },
    function_call: { shape: CALLED, nullable: true },
    tool_call_id: { shape: STRING, nullable: true },
  },
};

export const MESSAGES: Shape = { kind: 'list', of: MESSAGE };

/** OpenAI's chat records: `{"messages": [{"role", "content", …}], "tools"?}`. */
export const chat: Format = {
  id: 'chat',
  keys: '"messages" and perhaps "tools"',
  shape: {
    kind: 'object',
    fields: {
      messages: { shape: { kind: 'list', of: MESSAGE, notEmpty: true }, required: true },
      tools: { shape: { kind: 'list', of: { kind: 'object', fields: {} } }, nullable: true },
    },
  },
  recognises: (record) => 'messages' in record,
  toExample(record) {
    const messages = toMessages(record['messages']);
    const tools = record['tools'];
    return Array.isArray(tools) && tools.length > 0
      ? { kind: 'conversation', messages, tools }
      : { kind: 'conversation', messages };
  },
  turns: (record) => messageTurns(record['messages'], '/messages', 'answer'),
};

/** Messages of a list that has the shape `MESSAGES`. */
export function toMessages(list: unknown): Message[] {
  return Array.isArray(list) ? list.map((item) => toMessage(asRecord(item) ?? {})) : [];
}

/** @param side of the assistant's turns; all others belong to the prompt */
export function messageTurns(list: unknown, pointer: string, side: Turn['side']): Turn[] {
  if (!Array.isArray(list)) return [];
  return list.map((item, i) => {
    const raw = asRecord(item) ?? {};
    const { role, content, toolCalls, trained } = toMessage(raw);
    const own = pointerTo(pointer, i);
    return {
      role,
      pointer: own,
      rolePointer: `${own}/role`,
      texts: textParts(raw['content'], `${own}/content`),
      text: content,
      trained,
      callsTools: toolCalls !== undefined,
      side: role === 'assistant' ? side : 'prompt',
      message: raw,
    };
  });
}

function textParts(content: unknown, pointer: string): TextPart[] {
  if (typeof content === 'string') return [{ pointer, text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part, i) => {
    const text = asRecord(part)?.['text'];
    return typeof text === 'string' ? [{ pointer: `${pointer}/${i}/text`, text }] : [];
  });
}

function toMessage(raw: Readonly<Record<string, unknown>>): Message {
  const role = raw['role'] as Role;
  const toolCalls = toToolCalls(raw);
  return {
    role,
    content: toText(raw['content']),
    ...(typeof raw['name'] === 'string' ? { name: raw['name'] } : {}),
    ...(toolCalls.length > 0 && role === 'assistant' ? { toolCalls } : {}),
    ...(typeof raw['tool_call_id'] === 'string' ? { toolCallId: raw['tool_call_id'] } : {}),
    trained: role === 'assistant' && raw['weight'] !== 0,
  };
}

function toText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => String(asRecord(part)?.['text'] ?? '')).join('');
}

function toToolCalls(raw: Readonly<Record<string, unknown>>): ToolCall[] {
  const list = Array.isArray(raw['tool_calls']) ? raw['tool_calls'].map((call) => asRecord(call) ?? {}) : [];
  const older = asRecord(raw['function_call']);
  if (list.length === 0 && older) list.push({ function: older });
  return list.map((call) => {
    const called = asRecord(call['function']) ?? {};
    const given = called['arguments'];
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
