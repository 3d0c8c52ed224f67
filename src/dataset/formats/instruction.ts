import { assistantMessage, fieldTurn, userMessage, type Format } from './format';
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
    const ask = text(record['instruction']);
    const input = text(record['input']);
    const content = input === '' ? ask : ask === '' ? input : `${ask}\n\n${input}`;
    const user = { ...userMessage(content), alpaca: { instruction: ask, input } };
    return { kind: 'conversation', messages: withMedia([user, assistantMessage(text(record['output']))], record) };
  },
  turns(record) {
    const ask = text(record['instruction']);
    const input = text(record['input']);
    const asked = fieldTurn('instruction', ask, 'user', 'prompt');
    const texts = input === '' ? asked.texts : [...asked.texts, { pointer: '/input', text: input }];
    return [
      { ...asked, texts, text: input === '' ? ask : `${ask}\n\n${input}` },
      fieldTurn('output', text(record['output']), 'assistant', 'answer'),
    ];
  },
};
