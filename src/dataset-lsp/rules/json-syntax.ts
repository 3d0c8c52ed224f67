import { repairJson } from '../../dataset/json-repair';
import { parseJson, type JsonSyntaxError } from '../../dataset/jsonl';
import type { Fix } from '../fixes';
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
    fixes: 'both',
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
            'The file is one JSON list. Put each record on a line of its own, without the brackets and without commas between records; "fine-tune convert" does that.',
        });
      if (document === 'object')
        report({
          line: 1,
          message: 'The file is one JSON object spread over several lines. Put each record on one line.',
        });
    },
    line({ error, source }, report) {
      if (error)
        report({
          message: error.message,
          range: { start: error.offset, end: error.end },
          fixes: () => fixesFor(source, error),
        });
    },
  },
});

function fixesFor(source: string, { offset }: JsonSyntaxError): readonly Fix[] {
  const repaired = repairJson(source);
  if (repaired) {
    const edit = difference(source, repaired.text);
    return [{ title: 'Make JSON of this line', safe: repaired.certain, edits: [edit] }];
  }
  // A second record on the same line.
  if (source[offset] !== '{' || !parseJson(source.slice(0, offset)).ok || !parseJson(source.slice(offset)).ok)
    return [];
  const start = source.slice(0, offset).trimEnd().length;
  return [{ title: 'Begin a new line here', safe: false, edits: [{ start, end: offset, text: '\n' }] }];
}

/** The only part that differs. */
function difference(before: string, after: string): { start: number; end: number; text: string } {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let same = 0;
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  return { start, end: before.length - same, text: after.slice(start, after.length - same) };
}
