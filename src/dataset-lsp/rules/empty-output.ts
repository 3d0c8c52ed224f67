import { defineRule } from './rule';

export const emptyOutput = defineRule({
  meta: {
    id: 'empty-output',
    title: 'Answer is empty',
    why: 'The model would learn to end its turn without saying anything.',
    whatToDo:
      'Write the answer, or remove the record; for an assistant message that only opens a dialogue set "weight" to 0.',
    defaultSeverity: 'error',
    options: {},
    examples: {
      valid: [
        { text: '{"instruction": "Name a colour.", "output": "Green."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "", "weight": 0}, {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Name a colour.", "output": "  "}\n', lines: [1] },
        { text: '{"text": ""}\n{"text": "Some text."}\n', lines: [1] },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": ""}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ answers }, report) {
      for (const { pointer, text, trained, callsTools } of answers)
        if (trained && !callsTools && text.trim() === '')
          report({ pointer, message: 'The answer is empty. Write it, or remove the record.' });
    },
  },
});
