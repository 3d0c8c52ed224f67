import { positionsOf } from '../../dataset/jsonl';
import { asRecord } from '../../dataset/shape';
import { parsedText } from '../../dataset/tools';
import { removeRecord, type Fix } from '../fixes';
import { defineRule } from './rule';

export const notAnObject = defineRule({
  meta: {
    id: 'not-an-object',
    title: 'Record is not an object',
    why: 'A record is a JSON object with named fields. A bare text, number or list has no meaning for training.',
    whatToDo: 'Put the value into an object, or remove the line.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [{ text: '{"text": "An object."}\n' }],
      invalid: [
        { text: '{"text": "An object."}\n"a text"\nnull\n', lines: [2, 3] },
        { text: '[{"text": "A list of records."}, {"text": "On one line."}]\n', lines: [1] },
      ],
    },
  },
  check: {
    line({ value, error, source, line }, report) {
      if (error || (typeof value === 'object' && value !== null && !Array.isArray(value))) return;
      const what = Array.isArray(value)
        ? 'a list'
        : value === null
          ? 'null'
          : typeof value === 'string'
            ? 'a text'
            : `a ${typeof value}`;
      const advice =
        Array.isArray(value) && value.length > 0 && typeof value[0] === 'object' && value[0] !== null
          ? 'Put each entry of the list on a line of its own'
          : 'Put it into an object, or remove the line';
      report({
        message: `A record must be a JSON object, but this line is ${what}. ${advice}.`,
        pointer: '',
        fixes: () => [...unwrap(source, value), removeRecord(line)],
      });
    },
  },
});

/** A list of records in one line, or a record that was written as JSON in a text. */
function unwrap(source: string, value: unknown): readonly Fix[] {
  const whole = { start: 0, end: source.length };
  if (Array.isArray(value) && value.length > 0 && value.every((item) => asRecord(item))) {
    const items = positionsOf(source)?.items ?? [];
    const text = items.map((item) => source.slice(item.start, item.end)).join('\n');
    return [{ title: 'Put each record on a line of its own', safe: false, edits: [{ ...whole, text }] }];
  }
  const inner = typeof value === 'string' ? parsedText(value) : undefined;
  if (typeof value !== 'string' || !inner?.ok || !asRecord(inner.value) || /[\r\n]/.test(value.trim())) return [];
  return [
    { title: 'Write the JSON in the text as the record', safe: false, edits: [{ ...whole, text: value.trim() }] },
  ];
}
