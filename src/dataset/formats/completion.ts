import type { Shape } from '../shape';
import { toConversation } from './chat';
import { assistantMessage, fieldTurn, userMessage, type Format } from './format';
import { messageTurns, plainText, toMessages } from './message';
import { DIALOGUE, MEDIA_FIELDS, MESSAGES, TOOL_FIELDS } from './message-shape';

const EITHER: Shape = { kind: 'one-of', expected: 'a text or a list of messages', of: [{ kind: 'string' }, MESSAGES] };

const ANSWER: Shape = { ...EITHER, of: [{ kind: 'string' }, DIALOGUE] };

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/**
 * `{"prompt", "completion"}`: two texts, or two lists of messages as TRL has them. Only the completion is trained.
 * A text beside a list counts as one message: of the user in the prompt, of the assistant in the completion.
 */
export const completion: Format = {
  id: 'completion',
  keys: '"prompt" and "completion"',
  shape: {
    kind: 'object',
    fields: {
      prompt: { shape: EITHER, required: true },
      completion: { shape: ANSWER, required: true },
      ...TOOL_FIELDS,
      ...MEDIA_FIELDS,
    },
  },
  recognises: (record) => 'prompt' in record && 'completion' in record,
  toExample(record) {
    const { prompt, completion: answer } = record;
    if (!isList(prompt) && !isList(answer)) return plainText(String(prompt), String(answer), record);
    const before = isList(prompt) ? toMessages(prompt) : [userMessage(String(prompt))];
    const after = isList(answer) ? toMessages(answer) : [assistantMessage(String(answer))];
    return toConversation(record, [...before.map((message) => ({ ...message, trained: false })), ...after]);
  },
  turns({ prompt, completion: answer }) {
    const before = isList(prompt)
      ? messageTurns(prompt, '/prompt', 'prompt').map((turn) => ({ ...turn, trained: false }))
      : [fieldTurn('prompt', String(prompt), 'user', 'prompt')];
    const after = isList(answer)
      ? messageTurns(answer, '/completion', 'answer')
      : [fieldTurn('completion', String(answer), 'assistant', 'answer')];
    return [...before, ...after];
  },
};
