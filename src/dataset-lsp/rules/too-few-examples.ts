import { defineRule } from './rule';

export const tooFewExamples = defineRule({
  meta: {
    id: 'too-few-examples',
    title: 'File has very few records',
    why: 'A handful of records is learned by heart: the model repeats them and does not learn the task. Several services refuse files with fewer than ten.',
    whatToDo: 'Collect more records; 50 to 100 good ones are a start for a narrow task.',
    defaultSeverity: 'information',
    options: {
      least: { type: 'number', default: 10, minimum: 1, description: 'Records from which a file is not small.' },
    },
    examples: {
      valid: [
        {
          text: Array.from({ length: 10 }, (_, i) => `{"text": "Entry ${i + 1} of ten in the notebook."}\n`).join(''),
        },
      ],
      invalid: [{ text: '{"text": "A single text."}\n', lines: [1] }],
    },
  },
  check: {
    file({ records, first, document }, report, { least }) {
      if (records === 0 || records >= least || document || !first) return;
      const count = records === 1 ? 'one record' : `${records} records`;
      report({
        line: first.line,
        pointer: '',
        mark: 'start',
        message: `The file has only ${count}. Collect at least ${least} before you train.`,
      });
    },
  },
});
