import { defineRule } from './rule';

export const wrongType = defineRule({
  meta: {
    id: 'wrong-type',
    title: 'Field has the wrong type',
    why: 'A number, a list or null where a text is expected would be trained as something that was not meant.',
    whatToDo: 'Write the value in the type that the message names.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    examples: {
      valid: [
        { text: '{"instruction": "Add 2 and 2.", "input": null, "output": "It is 4."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello there"}]}, {"role": "assistant", "content": "Hello!", "weight": 1}]}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Add 2 and 2.", "output": 4}\n', lines: [1] },
        { text: '{"messages": "Hello"}\n', lines: [1] },
        {
          text: '{"messages": [{"role": "user", "content": null}, {"role": "assistant", "content": "Hello!", "weight": 0.5}]}\n',
          lines: [1, 1],
        },
        { text: '{"messages": []}\n', lines: [1] },
      ],
    },
  },
  check: {
    record({ problems, foreign }, report) {
      if (foreign) return;
      for (const { kind, pointer, message } of problems) if (kind === 'type') report({ message, pointer });
    },
  },
});
