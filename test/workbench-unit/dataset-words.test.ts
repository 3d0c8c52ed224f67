import { describe, expect, it } from 'vitest';
import { checkText, lastLine, targetText } from '../../src/workbench/dataset-words';

describe('words about whole files', () => {
  const report = (totalExamples: number, invalidExamples: number, issueCounts: Record<string, number>) => ({
    summary: { totalExamples, invalidExamples, issueCounts },
    problems: [],
  });
  it('sum up a check', () => {
    expect(checkText('a.jsonl', report(1, 0, {}))).toBe('a.jsonl: 1 example, nothing was found.');
    expect(checkText('a.jsonl', report(1204, 2, { x: 3, y: 1 }))).toBe(
      'a.jsonl: 1,204 examples, 2 with errors, 4 findings.',
    );
  });
  it('say whether a service takes the file', () => {
    expect(targetText('OpenAI', 0)).toBe('OpenAI takes it.');
    expect(targetText('OpenAI', 1)).toBe('OpenAI does not take it: 1 finding.');
  });
  it('take the result from the end of what a command printed', () => {
    expect(lastLine('left out: 3\nb.jsonl: 5 records of 8\n')).toBe('b.jsonl: 5 records of 8');
    expect(lastLine('')).toBe('');
  });
});
