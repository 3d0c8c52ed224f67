import { meanOfBest } from './metric';
import { countNGrams, overlap } from './n-grams';
import { PUNCTUATION, splitWords } from './python-text';

/**
 * Exact match and token F1 of SQuAD's evaluate-v2.0.py: without regard to case, ASCII punctuation, English articles and
 * white space. Where one of the texts has no word left, F1 is 1 if both have none and else 0, as version 2.0 has it.
 */
export const squadExactMatch = meanOfBest((prediction, reference) =>
  squadWords(prediction).join(' ') === squadWords(reference).join(' ') ? 1 : 0,
);

export const squadF1 = meanOfBest((prediction, reference) => {
  const found = squadWords(prediction);
  const expected = squadWords(reference);
  if (found.length === 0 || expected.length === 0) return found.length === expected.length ? 1 : 0;
  const common = overlap(countNGrams(found, 1, ' ')[0]!, countNGrams(expected, 1, ' ')[0]!);
  if (common === 0) return 0;
  const precision = common / found.length;
  const recall = common / expected.length;
  return (2 * precision * recall) / (precision + recall);
});

/** The words of a text that SQuAD compares. */
function squadWords(text: string): readonly string[] {
  const plain = [...text.toLowerCase()].filter((char) => !PUNCTUATION.includes(char)).join('');
  return splitWords(plain.replace(ARTICLES, ' '));
}

// \b as Python has it: letters and digits of every script are in words.
const ARTICLES = /(?<![\p{L}\p{N}_])(?:an?|the)(?![\p{L}\p{N}_])/gu;
