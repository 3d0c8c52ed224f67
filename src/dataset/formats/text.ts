import { fieldTurn, type Format } from './format';

/** Plain text: `{"text"}`; every token is trained. */
export const text: Format = {
  id: 'text',
  keys: '"text"',
  shape: { kind: 'object', fields: { text: { shape: { kind: 'string' }, required: true } } },
  recognises: (record) => 'text' in record,
  toExample: (record) => ({ kind: 'plain', masked: '', trained: String(record['text']) }),
  turns: (record) => [fieldTurn('text', String(record['text']), 'assistant', 'answer')],
};
