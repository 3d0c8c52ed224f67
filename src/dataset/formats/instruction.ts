import type { Message } from '../conversation';
import { assistantMessage, fieldTurn, userMessage, type Format, type Turn } from './format';
import { withMedia } from './message';
import { MEDIA_FIELDS } from './message-shape';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Alpaca: `{"instruction", "input"?, "output"}`. */
export const instruction: Format = {
  id: 'instruction',
  keys: '"instruction", "output" and perhaps "input"',
  shape: {
    kind: 'object',
    fields: {
      instruction: { shape: { kind: 'string' }, required: true },
      input: { shape: { kind: 'string' }, nullable: true },
      output: { shape: { kind: 'string' }, required: true },
      ...MEDIA_FIELDS,
    },
  },
  recognises: (record) => 'instruction' in record && 'output' in record,
  toExample(record) {
    const { message } = alpacaQuestion(text(record['instruction']), text(record['input']));
    return { kind: 'conversation', messages: withMedia([message, assistantMessage(text(record['output']))], record) };
  },
  turns(record) {
    const { turn } = alpacaQuestion(text(record['instruction']), text(record['input']));
    return [turn, fieldTurn('output', text(record['output']), 'assistant', 'answer')];
  },
};

/** The user's turn of a record with `instruction` and `input`. */
export function alpacaQuestion(ask: string, input: string): { readonly message: Message; readonly turn: Turn } {
  const content = input === '' ? ask : ask === '' ? input : `${ask}\n\n${input}`;
  const asked = fieldTurn('instruction', ask, 'user', 'prompt');
  const texts = input === '' ? asked.texts : [...asked.texts, { pointer: '/input', text: input }];
  return {
    message: { ...userMessage(content), alpaca: { instruction: ask, input } },
    turn: { ...asked, texts, text: content },
  };
}
