import { indexOfLetter } from './question';

/**
 * Index of the choice that a written answer names, or `undefined` where it names none or cannot be told. In this order: the
 * letter alone; the letter at the beginning, with a sign after it ("B. Paris"); the last "answer is B" of an explanation;
 * the text of one choice alone; one letter in brackets or bold.
 */
export function readChoice(answer: string, choices: readonly string[]): number | undefined {
  // What a reasoning model thinks before it answers names all choices.
  const text = answer.replace(/^[\s\S]*<\/think>/, '').trim();
  const choice = (letter: string | undefined): number | undefined => {
    const index = indexOfLetter((letter ?? '').toUpperCase());
    return index >= 0 && index < choices.length ? index : undefined;
  };
  const alone = choice(/^[^\p{L}\p{N}]*([A-Za-z])[^\p{L}\p{N}]*$/u.exec(text)?.[1]);
  if (alone !== undefined) return alone;
  // "A" and "I" alone are words.
  const first = choice(/^[(["'*_\s]*([A-Z])(?:[).\]:,*_"']+(?!\s*(?:or|and)\b)|\s*[-–—]\s|\s*\n)/.exec(text)?.[1]);
  if (first !== undefined) return first;
  const stated = [...text.matchAll(STATED)]
    .filter(([, letter, after]) => letter === letter!.toUpperCase() || after === undefined)
    .map(([, letter]) => choice(letter));
  const last = stated.findLast((one) => one !== undefined);
  if (last !== undefined) return last;
  return soleChoice(text, choices) ?? choice(soleLetter(text));
}

// A small letter before a word may be an article.
const STATED =
  /\b(?:answer|option|choice)(?:\s+(?:to\s+(?:this|the)\s+question|here))?(?:\s+(?:is|would\s+be|must\s+be|should\s+be)|\s*[:=])\s*:?\s*(?:option\s+|choice\s+)?[(["'*_]*([A-Z])(?![\p{L}\p{N}'’])(?=(\s+\p{L})?)/giu;

/** The only choice that is the answer, or else the only one that is in it. */
function soleChoice(text: string, choices: readonly string[]): number | undefined {
  const [written, ...known] = [text, ...choices].map((one) =>
    one
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim(),
  );
  if (written === undefined || written === '') return undefined;
  const sole = (fits: (choice: string) => boolean): number | undefined => {
    const found = known.flatMap((one, i) => (one !== '' && fits(one) ? [i] : []));
    return found.length === 1 ? found[0] : undefined;
  };
  return sole((one) => one === written) ?? sole((one) => ` ${written} `.includes(` ${one} `));
}

function soleLetter(text: string): string | undefined {
  const letters = new Set([...text.matchAll(/[(*[]+([A-Z])[)*\]]+/g)].map(([, letter]) => letter!));
  return letters.size === 1 ? [...letters][0] : undefined;
}
