import { textLength } from '../../dataset/text-length';
import { defineRule } from './rule';

export const instructionTooShort = defineRule({
  meta: {
    id: 'instruction-too-short',
    title: 'Instruction is very short',
    why: 'A few characters seldom say what is asked for; the model learns to guess.',
    whatToDo: 'Say in a sentence what the answer should be.',
    defaultSeverity: 'warning',
    options: {
      minimum: {
        type: 'number',
        default: 10,
        minimum: 1,
        description: 'Characters that an instruction should have; a Chinese, Japanese or Korean one counts for three.',
      },
    },
    examples: {
      valid: [
        { text: '{"instruction": "Name a colour.", "output": "Green."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Where is my parcel?"}, {"role": "assistant", "content": "On its way."}, {"role": "user", "content": "Thanks"}, {"role": "assistant", "content": "You are welcome."}]}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Colour?", "output": "Green."}\n', lines: [1] },
        {
          text: '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ prompts }, report, options) {
      const minimum = options.minimum;
      if (prompts.length === 0) return;
      // In a dialogue a single short turn is natural: all that the user says counts together.
      const length = prompts.reduce((sum, prompt) => sum + textLength(prompt.text, minimum), 0);
      if (length >= minimum) return;
      report({
        pointer: prompts[0]!.pointer,
        message:
          length === 0
            ? 'The instruction is empty. Say what the answer should be.'
            : `The instruction has only ${length} ${length === 1 ? 'character' : 'characters'} (fewer than ${minimum}). Say in a sentence what the answer should be.`,
      });
    },
  },
});
