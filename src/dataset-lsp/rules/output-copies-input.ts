import type { Turn } from '../../dataset/formats';
import { defineRule } from './rule';

/** Shorter answers repeat a choice or a name from the prompt by right. */
const MINIMUM_LENGTH = 20;
const MINIMUM_WORDS = 40;
const GRAM = 8;
/** Parts of the answer that are looked for in the prompt before any word is counted. */
const PROBES = [0.5, 0.3, 0.7, 0.15, 0.85];
const PROBE_LENGTH = 24;

/** Tasks whose answer is made of the prompt's own words. */
const COPYING =
  /\b(?:re-?(?:write|word|phrase|state|peat|arrange|order|format|move|place|vise|cite|trieve)|paraphras|edit|correct|fix|proofread|grammar|spelling|punctuat|capitali[sz]|translat|copy|quot|extract|excerpt|highlight|find|identify|select|choose|pick|which|summar|shorten|convert|transform|transcri|change|replace|delete|insert|add|sort|split|separate|merge|combine|clean|indent|refactor|debug|improve|complete|continue|finish|fill|echo|print|output|return|tag|annotat|label|segment|mark|active voice|passive voice|tense|sentence)/i;

export const outputCopiesInput = defineRule({
  meta: {
    id: 'output-copies-input',
    title: 'Answer copies the prompt',
    why: 'The model learns to repeat the question instead of answering it.',
    whatToDo:
      'Write the answer that you want, or remove the record. Requests to correct, quote, or rewrite a text are not meant.',
    defaultSeverity: 'warning',
    options: {
      maximumShare: {
        type: 'number',
        default: 0.9,
        minimum: 0,
        description: 'Largest share of the runs of eight words of a long answer that may stand in the prompt.',
      },
    },
    examples: {
      valid: [
        { text: '{"instruction": "Is a whale a fish or a mammal?", "output": "A whale is a mammal."}\n' },
        {
          text: '{"instruction": "Correct this: The whale is a very large mammal.", "output": "The whale is a very large mammal."}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "How do whales sleep in the sea?", "output": "How do whales sleep in the sea?"}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ turns }, report, { maximumShare }) {
      for (let i = 1; i < turns.length; i++) {
        const answer = turns[i]!;
        if (answer.role !== 'assistant' || !answer.trained || answer.text.length < MINIMUM_LENGTH) continue;
        const asked = turns[i - 1]!;
        if (asked.role !== 'user' || asked.text.length < MINIMUM_LENGTH) continue;
        const pointer = answer.texts[0]?.pointer ?? answer.pointer;
        if (isSame(asked, answer.text))
          report({
            pointer,
            message: 'The answer is the prompt again. Write the answer that you want, or remove the record.',
          });
        else if (mayCopy(asked.text, answer.text)) {
          const share = copiedShare(asked.text, answer.text);
          if (share > maximumShare && !COPYING.test(asked.text) && !answer.text.includes('```'))
            report({
              pointer,
              message: `The answer copies the prompt: ${Math.round(share * 100)} % of its runs of eight words stand there (more than ${maximumShare * 100} %). Write the answer that you want, or remove the record.`,
            });
        }
      }
    },
  },
});

/** A request for a copy holds more than the copy. */
function isSame(asked: Turn, answer: string): boolean {
  if (Math.abs(asked.text.length - answer.length) > 8) return false;
  const text = asked.text.trim();
  return text === answer.trim() && !/^(?:repeat|echo|say|print)\b/i.test(text);
}

function mayCopy(asked: string, answer: string): boolean {
  if (asked.length < answer.length * 0.8 || answer.length < MINIMUM_WORDS * 3) return false;
  let missing = 0;
  for (const share of PROBES) {
    const at = Math.floor((answer.length - PROBE_LENGTH) * share);
    if (!asked.includes(answer.slice(at, at + PROBE_LENGTH)) && ++missing > 1) return false;
  }
  return true;
}

/** Share of the runs of eight words of the answer that stand in the prompt, apart from case and punctuation. */
function copiedShare(asked: string, answer: string): number {
  const words = wordsOf(answer);
  if (words.length < MINIMUM_WORDS) return 0;
  const known = new Set(gramsOf(wordsOf(asked)));
  const grams = gramsOf(words);
  return grams.filter((gram) => known.has(gram)).length / grams.length;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function gramsOf(words: readonly string[]): string[] {
  return words.slice(GRAM - 1).map((_, i) => words.slice(i, i + GRAM).join(' '));
}
