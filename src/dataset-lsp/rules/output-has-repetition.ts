import { turnWords } from '../../dataset/turn-words';
import { isVaried, repetitionOf } from '../text/repetition';
import { defineRule } from './rule';

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
      maximumRepetition: {
        type: 'number',
        default: 0.5,
        minimum: 0,
        description: 'Largest share of runs of ten words that occur more than once in an answer of 50 words or more.',
      },
    },
    examples: {
      valid: [
        { text: '{"text": "no no no no no no no no no"}\n' },
        { text: '{"text": "The rain in the south falls on the hills and on the plain, and it rains for days."}\n' },
        { text: `{"instruction": "Draw a line.", "output": "${'-'.repeat(200)}"}\n` },
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
        {
          text: `{"prompt": "Describe the town.", "completion": "${'On the hill above the harbour stands an old lighthouse whose keeper still climbs its two hundred steps each evening to watch ships come home safely from distant northern waters. '.repeat(2)}"}\n`,
          lines: [1],
        },
        { text: `{"instruction": "Laugh.", "output": "${'haha'.repeat(40)}"}\n`, lines: [1] },
      ],
    },
  },
  check: {
    example({ answers, turns }, report, { minimumRatio, maximumRepetition }) {
      const read = turnWords(turns);
      // The answers are the turns of the assistant.
      let at = -1;
      for (const { pointer, text, trained } of answers) {
        at = turns.findIndex(({ role }, i) => i > at && role === 'assistant');
        if (!trained || text.length < 2 || (read.ofText[at] && isVaried(text, minimumRatio, read, at))) continue;
        const { differentWords, repeatedGrams, loop } = repetitionOf(text);
        const repeats = repeatedGrams > maximumRepetition && !isVariedCode(text, repeatedGrams, maximumRepetition);
        if (differentWords < minimumRatio)
          report({
            pointer,
            message: `The answer repeats itself: only ${Math.round(differentWords * 100)} % of its words differ (fewer than ${minimumRatio * 100} %). Remove the repeated part.`,
          });
        else if (repeats)
          report({
            pointer,
            message: `The answer repeats itself: ${Math.round(repeatedGrams * 100)} % of its runs of ten words come more than once (more than ${maximumRepetition * 100} %). Remove the repeated part.`,
          });
        else if (loop)
          report({
            pointer,
            within: loop,
            message: `The answer repeats itself: a few characters come again and again over ${loop.end - loop.start} characters. Remove the repeated part.`,
          });
      }
    },
  },
});

const MOSTLY = 0.8;

/** Listings that differ in a few lines repeat each other by right: then the text around them is judged. */
function isVariedCode(text: string, repeatedGrams: number, maximum: number): boolean {
  if (repeatedGrams > MOSTLY || !text.includes('```')) return false;
  const around = text.split('```').filter((_, i) => i % 2 === 0);
  return repetitionOf(around.join(' ')).repeatedGrams <= maximum;
}
