import { describe, expect, it } from 'vitest';
import { choiceQuestion, textQuestion } from '../../../src/evaluation/benchmarks/question-rows';

const choices = ['red', 'green', 'blue'];

describe('choiceQuestion', () => {
  it.each([
    { name: 'an index', row: { question: 'q', choices, answer: 1 } },
    { name: 'an index of 64 bits', row: { question: 'q', choices, answer: 1n } },
    { name: 'a letter', row: { question: 'q', choices, answer: 'B' } },
    { name: 'a small letter', row: { question: 'q', options: choices, answer: 'b' } },
    { name: 'the text', row: { prompt: 'q', options: choices, label: 'green' } },
    { name: 'keys by letter', row: { question: 'q', A: 'red', B: 'green', C: 'blue', answer: 'B' } },
    { name: 'options by letter', row: { question: 'q', options: { a: 'red', b: 'green', c: 'blue' }, answer: 'b' } },
    { name: 'ARC', row: { question: 'q', choices: { text: choices, label: ['1', '2', '3'] }, answerKey: '2' } },
  ])('reads $name', ({ row }) => {
    expect(choiceQuestion(row)).toEqual({ question: { text: 'q', choices, answer: 1 } });
  });

  it('takes a text that is a choice for that choice, not for a letter or a number', () => {
    expect(choiceQuestion({ question: 'q', choices: ['B', 'A'], answer: 'A' })).toMatchObject({
      question: { answer: 1 },
    });
    expect(choiceQuestion({ question: 'q', choices: ['2', '1', '0'], answer: '0' })).toMatchObject({
      question: { answer: 2 },
    });
    expect(choiceQuestion({ question: 'q', choices: [3, 4], answer: '4' })).toMatchObject({
      question: { choices: ['3', '4'], answer: 1 },
    });
  });

  it.each([
    { row: { choices, answer: 1 }, problem: 'there is no "question"' },
    { row: { question: ' ', choices, answer: 1 }, problem: 'there is no "question"' },
    { row: { question: 'q', answer: 1 }, problem: 'there are no "choices"' },
    { row: { question: 'q', choices: ['red'], answer: 0 }, problem: 'there are 1 choices; from 2 to 26 are possible' },
    {
      row: { question: 'q', choices: Array.from({ length: 27 }, String), answer: 0 },
      problem: /^there are 27 choices/,
    },
    { row: { question: 'q', choices: ['red', null], answer: 0 }, problem: 'there are no "choices"' },
    { row: { question: 'q', choices }, problem: 'there is no "answer"' },
    {
      row: { question: 'q', choices, answer: 3 },
      problem: /^the answer 3 is none of the 3 choices, no letter from A to C/,
    },
    { row: { question: 'q', choices, answer: -1 }, problem: /^the answer -1 is none/ },
    { row: { question: 'q', choices, answer: 0.5 }, problem: /^the answer 0.5 is none/ },
    { row: { question: 'q', choices, answer: 'D' }, problem: /^the answer "D" is none/ },
    // Nobody knows whether it counts from 0 or from 1.
    { row: { question: 'q', choices, answer: '1' }, problem: /^the answer "1" is none/ },
  ])('says what is wrong: $problem', ({ row, problem }) => {
    expect(choiceQuestion(row)).toEqual({
      problem: typeof problem === 'string' ? problem : (expect.stringMatching(problem) as string),
    });
  });
});

describe('textQuestion', () => {
  it('reads one answer, several, and SQuAD', () => {
    expect(textQuestion({ question: 'q', answer: 'a' })).toEqual({
      question: { text: 'q', choices: [], answer: ['a'] },
    });
    expect(textQuestion({ question: 'q', answers: ['a', 7] })).toMatchObject({ question: { answer: ['a', '7'] } });
    expect(textQuestion({ context: 'c', question: 'q', answers: { text: ['a'], answer_start: [0] } })).toMatchObject({
      question: { text: 'c\n\nq', answer: ['a'] },
    });
  });

  it.each([
    { row: { answer: 'a' }, problem: 'there is no "question"' },
    { row: { question: 'q' }, problem: 'there is no "answer"' },
    { row: { question: 'q', answer: [] }, problem: '"answer" is no text and no list of texts' },
    { row: { question: 'q', answer: { a: 1 } }, problem: '"answer" is no text and no list of texts' },
    { row: { question: 'q', context: 1, answer: 'a' }, problem: '"context" is no text' },
  ])('says what is wrong: $problem', ({ row, problem }) => {
    expect(textQuestion(row)).toEqual({ problem });
  });
});
