import { editFix, RecordEditor } from '../fixes';
import { defineRule } from './rule';

export const unknownRole = defineRule({
  meta: {
    id: 'unknown-role',
    title: 'Role of a message is not known',
    why: 'Only messages of the role "assistant" are trained. A misspelt role would silently train nothing, or the wrong side.',
    whatToDo: 'Use system, developer, user, assistant, tool or function.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'both',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "human", "content": "Good morning."}, {"role": "gpt", "content": "Good morning!"}]}\n',
          lines: [1, 1],
        },
      ],
    },
  },
  check: {
    record({ problems, foreign, source }, report) {
      if (foreign) return;
      for (const problem of problems) {
        if (problem.kind !== 'role') continue;
        const { message, pointer, near, certain } = problem;
        report({
          message,
          pointer,
          fixes: () =>
            near === undefined
              ? []
              : editFix(`Write "${near}"`, certain, new RecordEditor(source).replace(pointer, near)),
        });
      }
    },
  },
});
