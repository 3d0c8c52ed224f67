import { defineRule } from './rule';

export const instructionTooLong = defineRule({
  meta: {
    id: 'instruction-too-long',
    title: 'Instruction is very long',
    why: 'A long instruction usually holds the material as well as the task. It takes room from the answer, and the model learns less clearly what is asked.',
    whatToDo: 'Keep the task in "instruction" and move the material to "input".',
    defaultSeverity: 'warning',
    options: {
      maximum: { type: 'number', default: 1000, minimum: 1, description: 'Characters that an instruction may have.' },
    },
    examples: {
      valid: [
        { text: `{"instruction": "Sum up the text.", "input": "${'word '.repeat(400)}", "output": "Many words."}\n` },
        {
          text: `{"messages": [{"role": "user", "content": "Sum up: ${'word '.repeat(400)}"}, {"role": "assistant", "content": "Many words."}]}\n`,
        },
      ],
      invalid: [{ text: `{"instruction": "Sum up: ${'word '.repeat(400)}", "output": "Many words."}\n`, lines: [1] }],
    },
  },
  check: {
    // Only where there is a field of its own for the material: in a chat it has nowhere else to go.
    example({ prompts, format }, report, options) {
      const maximum = options.maximum;
      if (format.id !== 'instruction') return;
      for (const { pointer, text } of prompts) {
        if (text.length <= maximum) continue;
        const length = [...text].length;
        if (length > maximum)
          report({
            pointer,
            message: `The instruction has ${length} characters (more than ${maximum}). Move the material to "input" and keep the task here.`,
          });
      }
    },
  },
});
