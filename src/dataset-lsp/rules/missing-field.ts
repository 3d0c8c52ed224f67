import { defineRule } from './rule';

export const missingField = defineRule({
  meta: {
    id: 'missing-field',
    title: 'Required field is missing',
    why: 'The format needs the field: without it there is no prompt or no answer to learn from.',
    whatToDo: 'Add the field, or correct the spelling of its name.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    examples: {
      valid: [
        { text: '{"instruction": "Name a colour.", "output": "Green."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Weather?"}, {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": "{}"}}]}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "Name a colour.", "output": "Green."}\n{"instruction": "Name a fruit."}\n',
          lines: [2],
        },
        { text: '{"messages": [{"role": "user"}, {"content": "An answer."}]}\n', lines: [1, 1] },
      ],
    },
  },
  check: {
    record({ problems, foreign }, report) {
      if (foreign) return;
      for (const { kind, pointer, message } of problems)
        if (kind === 'missing') report({ message, pointer, mark: 'start' });
    },
  },
});
