import type { Example } from '../conversation';
import { messageTurns, toMessages, toTools, withMedia } from './message';
import { DIALOGUE, MEDIA_FIELDS, TOOL_FIELDS } from './message-shape';
import type { Format } from './format';

/** OpenAI's chat records: `{"messages": [{"role", "content", …}], "tools"?}`. */
export const chat: Format = {
  id: 'chat',
  keys: '"messages" and perhaps "tools"',
  shape: {
    kind: 'object',
    fields: {
      messages: { shape: DIALOGUE, required: true },
      ...TOOL_FIELDS,
      functions: { shape: { kind: 'list', of: { kind: 'object', fields: {} } }, nullable: true },
      ...MEDIA_FIELDS,
    },
  },
  recognises: (record) => 'messages' in record,
  toExample: (record) => toConversation(record, toMessages(record['messages'])),
  turns: (record) => messageTurns(record['messages'], '/messages', 'answer'),
};

/** The messages of a record with its tools and its pictures. */
export function toConversation(
  record: Readonly<Record<string, unknown>>,
  messages: Extract<Example, { kind: 'conversation' }>['messages'],
): Extract<Example, { kind: 'conversation' }> {
  const tools = toTools(record);
  return { kind: 'conversation', messages: withMedia(messages, record), ...(tools ? { tools } : {}) };
}
