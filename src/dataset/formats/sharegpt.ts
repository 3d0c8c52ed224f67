import type { Format, Turn } from './format';
import { fieldTurn } from './format';
import { toConversation } from './chat';
import { messageTurns, toMessages, toTools, wrapped } from './message';
import { MEDIA_FIELDS, SHAREGPT_MESSAGE, STRING, TOOL_FIELDS } from './message-shape';

type Raw = Readonly<Record<string, unknown>>;

/**
 * ShareGPT and LLaMA-Factory: `{"conversations": [{"from", "value"}], "system"?, "tools"?}`. The messages may be
 * written as OpenAI has them, too.
 */
export const sharegpt: Format = {
  id: 'sharegpt',
  keys: '"conversations" and perhaps "system" and "tools"',
  shape: {
    kind: 'object',
    fields: {
      conversations: { shape: { kind: 'list', of: SHAREGPT_MESSAGE, notEmpty: true }, required: true },
      system: { shape: STRING, nullable: true },
      ...TOOL_FIELDS,
      ...MEDIA_FIELDS,
    },
  },
  recognises: (record) => 'conversations' in record,
  toExample: (record) => toConversation(withTools(record), shareGptMessages(record)),
  turns: (record) => shareGptTurns(record, 'answer'),
};

/** The system message of the record, and its conversation. */
export function shareGptMessages(record: Raw): ReturnType<typeof toMessages> {
  const messages = toMessages(record['conversations']);
  const system = systemOf(record);
  return system === '' ? messages : [{ role: 'system', content: system, trained: false }, ...messages];
}

export function shareGptTurns(record: Raw, side: Turn['side']): Turn[] {
  const turns = messageTurns(record['conversations'], '/conversations', side);
  const system = systemOf(record);
  return system === '' ? turns : [fieldTurn('system', system, 'system', 'prompt'), ...turns];
}

function systemOf({ system }: Raw): string {
  return typeof system === 'string' ? system : '';
}

/** Tools of LLaMA-Factory are `{name, parameters}`; it hands them to the templates as OpenAI writes them. */
export function withTools(record: Raw): Raw {
  const tools = toTools(record);
  return tools ? { ...record, tools: tools.map(wrapped) } : record;
}
