import { defineRule } from './rule';

/** Shorter answers complete a sentence of the prompt by right. */
const MINIMUM_LENGTH = 200;

/** No sentence, no list and no program ends so. */
const UNFINISHED =
  /(?:,|[-(\[{]|\b(?:the|an?|of|and|to|in|with|or|is|are|was|were|which|for|by|from|as|at|on|be|these|its|their|his|your|my|our|such|will|would|has|have|had|but|if|because|into|about|than|we|they|he|she))$/;
const LAST = 24;

/** What may stand before a fence in its line: a quotation, a list. */
const LINE_START = /(?:^|\n)[ \t>]*(?:[-*+]|\d{1,3}\.)?[ \t]*$/;
const INDENT = 40;

export const outputCutOff = defineRule({
  meta: {
    id: 'output-cut-off',
    title: 'Answer breaks off',
    why: 'Answers that were generated with too small a limit of tokens end in the middle. The model learns to stop there.',
    whatToDo: 'Finish the answer, cut it at the last whole sentence, or remove the record.',
    defaultSeverity: 'information',
    options: {},
    examples: {
      valid: [
        { text: '{"instruction": "Complete: I like the", "output": "sea and the"}\n' },
        { text: '{"instruction": "Print hello in a shell.", "output": "```sh\\necho hello\\n```"}\n' },
      ],
      invalid: [
        { text: '{"instruction": "Print hello in a shell.", "output": "Use this:\\n```sh\\necho hel"}\n', lines: [1] },
        {
          text: `{"instruction": "Tell me about the sea.", "output": "The sea is deep and full of fish that nobody has ever seen. It covers most of the planet, it makes the weather that we know, it carries our ships from one continent to the other, and it is the home of"}\n`,
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ answers }, report) {
      for (const { pointer, text, trained } of answers) {
        if (!trained) continue;
        const fence = openFence(text);
        if (fence >= 0)
          report({
            pointer,
            within: { start: fence, end: fence + 3 },
            message:
              'The fences of the code do not come in pairs, and this one is left over: the answer breaks off, or a fence is missing. Finish it, or remove the record.',
          });
        else if (text.length >= MINIMUM_LENGTH) {
          const last = text.slice(-LAST).trimEnd();
          const word = UNFINISHED.exec(last);
          if (!word) continue;
          const end = text.trimEnd().length;
          report({
            pointer,
            within: { start: end - word[0].length, end },
            message: `The answer breaks off after “${word[0]}”. Finish it, cut it at the last whole sentence, or remove the record.`,
          });
        }
      }
    },
  },
});

/** Where the last fence stands when it has no partner; -1 otherwise. */
function openFence(text: string): number {
  let open = -1;
  for (let at = text.indexOf('```'); at >= 0; at = text.indexOf('```', at + 3)) {
    // More backticks than three are another kind of fence.
    if (text[at + 3] === '`') return -1;
    if (LINE_START.test(text.slice(Math.max(0, at - INDENT), at))) open = open < 0 ? at : -1;
  }
  return open;
}
