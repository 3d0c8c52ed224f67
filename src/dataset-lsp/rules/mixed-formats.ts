import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const mixedFormats = defineRule({
  meta: {
    id: 'mixed-formats',
    title: 'Record is of another format than the file',
    why: 'A file has one format, that of its first record. A record of another format would be read wrongly or not at all.',
    whatToDo: 'Move the record to a file of its own, or convert it.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [{ text: '{"text": "Some text."}\n{"text": "With another key.", "source": "mail"}\n' }],
      invalid: [
        { text: '{"text": "Some text."}\n{"prompt": "And now?", "completion": "A completion."}\n', lines: [2] },
        {
          text: '{"prompt": "First?", "completion": "Yes, first."}\n{"prompt": "Second?", "completion": "Not good.", "label": false}\n',
          lines: [2],
        },
      ],
    },
  },
  check: {
    record({ foreign, format, line }, report) {
      if (!foreign) return;
      report({
        pointer: '',
        mark: 'start',
        message: `This record has the keys of the format "${foreign.id}", but the file is read as "${format.id}". Convert it to ${format.keys}, or move it to another file.`,
        fixes: () => [removeRecord(line)],
      });
    },
  },
});
