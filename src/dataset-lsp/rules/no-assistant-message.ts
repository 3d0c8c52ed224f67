import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const noAssistantMessage = defineRule({
  meta: {
    id: 'no-assistant-message',
    title: 'Conversation has no assistant message',
    why: 'Only what the assistant says is trained, so there is nothing to learn from this record.',
    whatToDo: 'Add the answer as a message of the role "assistant", or remove the record.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Good morning."}]}\n',
          lines: [1],
        },
        {
          text: '{"prompt": [{"role": "user", "content": "Good morning."}], "completion": [{"role": "user", "content": "Good morning!"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example(record, report) {
      const { answers, format, line, value } = record;
      // The two sides of a preference have a rule of their own.
      if (answers.length > 0 || format.id === 'preference' || record.example?.kind !== 'conversation') return;
      report({
        pointer: `/${['completion', 'messages', 'conversations'].find((key) => key in value) ?? ''}`,
        mark: 'key',
        message:
          'No message has the role "assistant", so nothing would be trained. Add the answer, or remove the record.',
        fixes: () => [removeRecord(line)],
      });
    },
  },
});
