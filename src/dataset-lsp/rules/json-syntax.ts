import { defineRule } from './rule';

export const jsonSyntax = defineRule({
  meta: {
    id: 'json-syntax',
    title: 'Line is not valid JSON',
    why: 'Every line must be one JSON value. A line that is not cannot be read, and a line break inside a text makes two broken records of one.',
    whatToDo: 'Correct the line at the marked place.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    examples: {
      valid: [
        { text: '{"text": "One \\"quoted\\" word."}\n' },
        { text: '{"text": "First record."}\r\n\r\n{"text": "Second record."}' },
      ],
      invalid: [
        { text: "{'text': 'Single quotes here.'}\n", lines: [1] },
        { text: '{"text": "A first record."}\n{"text": "Cut off here', lines: [2] },
        { text: '{"text": "Two records."} {"text": "On one line."}\n', lines: [1] },
        { text: '[\n  {"text": "A list of records."},\n  {"text": "Not JSON Lines."}\n]\n', lines: [1] },
      ],
    },
  },
  check: {
    file({ document }, report) {
      if (document === 'list')
        report({
          line: 1,
          message:
            'The file is one JSON list. Put each record on a line of its own, without the brackets and without commas between records.',
        });
      if (document === 'object')
        report({
          line: 1,
          message: 'The file is one JSON object spread over several lines. Put each record on one line.',
        });
    },
    line({ error }, report) {
      if (error) report({ message: error.message, range: { start: error.offset, end: error.end } });
    },
  },
});
