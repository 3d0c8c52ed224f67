import { textLength } from '../../dataset/text-length';
import { defineRule } from './rule';

export const outputTooShort = defineRule({
  meta: {
    id: 'output-too-short',
    title: 'Answer is very short',
    why: 'Many answers of a few characters teach the model to be curt. For a classification that is what you want: then switch this rule off.',
    whatToDo: 'Write a full answer, or switch the rule off for labels and numbers.',
    defaultSeverity: 'warning',
    options: {
      minimum: {
        type: 'number',
        default: 5,
        minimum: 1,
        description: 'Characters that an answer should have; a Chinese, Japanese or Korean one counts for three.',
      },
    },
    examples: {
      valid: [{ text: '{"instruction": "Name a colour.", "output": "Green"}\n' }],
      invalid: [
        { text: '{"instruction": "Name a colour.", "output": "Red"}\n', lines: [1] },
        { text: '{"prompt": "Is it red?", "completion": " no"}\n', lines: [1] },
      ],
    },
  },
  check: {
    example({ answers }, report, options) {
      const minimum = options.minimum;
      const trained = answers.filter((answer) => answer.trained);
      if (trained.length === 0 || trained.some((answer) => answer.callsTools)) return;
      const length = trained.reduce((sum, answer) => sum + textLength(answer.text, minimum), 0);
      // An empty answer is the business of another rule.
      if (length === 0 || length >= minimum) return;
      report({
        pointer: trained[0]!.pointer,
        message: `The answer has only ${length} ${length === 1 ? 'character' : 'characters'} (fewer than ${minimum}). Write a full answer, or switch this rule off for labels and numbers.`,
      });
    },
  },
});
