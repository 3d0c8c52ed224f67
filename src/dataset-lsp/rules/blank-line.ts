import { defineRule } from './rule';

export const blankLine = defineRule({
  meta: {
    id: 'blank-line',
    title: 'Line is blank',
    why: 'A blank line is no record. It is passed over here, but some other readers refuse the file because of it.',
    whatToDo: 'Remove the line.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'safe',
    examples: {
      valid: [{ text: '{"text": "First record."}\n{"text": "Second record."}\n' }],
      invalid: [
        { text: '{"text": "First record."}\n\n{"text": "Second record."}\n', lines: [2] },
        { text: '{"text": "First record."}\n  \t\n\n', lines: [2, 3] },
      ],
    },
  },
  check: {
    blank({ source, line }, report) {
      report({
        message: 'This line is blank. Remove it: some readers refuse blank lines.',
        range: { start: 0, end: source.length },
        fixes: () => [{ title: 'Remove the blank line', safe: true, removeLines: [line] }],
      });
    },
  },
});
