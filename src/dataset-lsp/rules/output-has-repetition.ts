import { defineRule } from './rule';

const MINIMUM_WORDS = 10;
// In a long text words come back by nature (Heaps' law), so it is judged in stretches of this many words.
const STRETCH = 200;

export const outputHasRepetition = defineRule({
  meta: {
    id: 'output-has-repetition',
    title: 'Answer repeats itself',
    why: 'Loops in the training data teach the model to loop.',
    whatToDo: 'Remove the repeated part, or the record.',
    defaultSeverity: 'warning',
    options: {
      minimumRatio: {
        type: 'number',
        default: 0.3,
        minimum: 0,
        description: 'Smallest share of different words among all words of an answer of 10 words or more.',
      },
    },
    examples: {
      valid: [
        { text: '{"text": "no no no no no no no no no"}\n' },
        { text: '{"text": "The rain in the south falls on the hills and on the plain, and it rains for days."}\n' },
      ],
      invalid: [
        {
          text: '{"instruction": "Name some colours.", "output": "red red red red red red red red red red green green"}\n',
          lines: [1],
        },
        {
          text: `{"prompt": "Tell me more.", "completion": "${'I do not know what you mean. '.repeat(20)}"}\n`,
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ answers }, report, options) {
      const minimumRatio = options.minimumRatio;
      for (const { pointer, text, trained } of answers) {
        const ratio = trained ? differentWords(text) : 1;
        if (ratio < minimumRatio)
          report({
            pointer,
            message: `The answer repeats itself: only ${Math.round(ratio * 100)} % of its words differ (fewer than ${minimumRatio * 100} %). Remove the repeated part.`,
          });
      }
    },
  },
});

/** Share of different words; 1 for texts of fewer than ten. */
function differentWords(text: string): number {
  const words = text.toLowerCase().match(/\S+/g) ?? [];
  if (words.length < MINIMUM_WORDS) return 1;
  const stretches = Math.max(1, Math.round(words.length / STRETCH));
  const size = Math.ceil(words.length / stretches);
  let sum = 0;
  let count = 0;
  for (let from = 0; from < words.length; from += size) {
    const stretch = words.slice(from, from + size);
    sum += new Set(stretch).size / stretch.length;
    count++;
  }
  return sum / count;
}
