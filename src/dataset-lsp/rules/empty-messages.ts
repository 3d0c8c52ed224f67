import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const emptyMessages = defineRule({
  meta: {
    id: 'empty-messages',
    title: 'Conversation has no messages',
    why: 'A record without a single message holds nothing to learn from.',
    whatToDo: 'Write the messages, or remove the record.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        { text: '{"messages": []}\n', lines: [1] },
        { text: '{"prompt": [{"role": "user", "content": "Good morning."}], "completion": []}\n', lines: [1] },
      ],
    },
  },
  check: {
    record({ problems, foreign, line }, report) {
      if (foreign) return;
      for (const { kind, pointer, message } of problems)
        if (kind === 'empty') report({ message, pointer, fixes: () => [removeRecord(line)] });
    },
  },
});
