import { defineRule } from './rule';

export const instructionTooShort = defineRule({
  meta: {
    id: 'instruction-too-short',
    title: 'Instruction is very short',
    why: 'A few characters seldom say what is asked for; the model learns to guess.',
    whatToDo: 'Say in a sentence what the answer should be.',
    defaultSeverity: 'warning',
    options: {
      minimum: { type: 'number', default: 10, minimum: 1, description: 'Characters that an instruction should have.' },
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
      const length = prompts.reduce((sum, prompt) => sum + lengthOf(prompt.text, minimum), 0);
      if (length >= minimum) return;
      report({
        pointer: prompts[0]!.pointer,
        message:
          length === 0
            ? 'The instruction is empty. Say what the answer should be.'
            : `The instruction has only ${length} characters (fewer than ${minimum}). Say in a sentence what the answer should be.`,
      });
    },
  },
});

/** Characters without white space at the ends; only texts that may be too short are counted one by one. */
function lengthOf(text: string, minimum: number): number {
  const trimmed = text.trim();
  return trimmed.length >= minimum * 2 ? trimmed.length : [...trimmed].length;
}
