import { expect, it } from 'vitest';
import { readChoice } from '../../../src/evaluation/benchmarks/read-choice';

const CITIES = ['Paris', 'London', 'Rome', 'New York'];

it.each([
  ['B', 1],
  [' b. ', 1],
  ['(C)', 2],
  ['**D**', 3],
  ['B. London', 1],
  ['B) London is the capital.', 1],
  ['B\nBecause it is.', 1],
  ['C: Rome', 2],
  ['D - New York', 3],
  ['The answer is B.', 1],
  ['The correct answer is (c).', 2],
  ['Answer: D', 3],
  ['The correct option is **A**.', 0],
  ['Is the answer A? No: Rome is far off, so the answer is B.', 1],
  ['<think>The answer is A. Or B.</think>\nThe answer is C', 2],
  ['A city on the Thames: London', 1],
  ['london', 1],
  ['It must be New York!', 3],
  ['I think (B) fits best', 1],
  // A word, a letter that is none of the choices, two choices, nothing.
  ['A good question', undefined],
  ['E', undefined],
  ['Paris or London', undefined],
  ['(A) or (B)', undefined],
  ['The answer is a city.', undefined],
  ['', undefined],
])('%j names choice %s', (answer, choice) => {
  expect(readChoice(answer, CITIES)).toBe(choice);
});
