import { describe, expect, it } from 'vitest';
import { formatById } from '../../src/dataset/formats';
import { asRecord } from '../../src/dataset/shape';
import { lintDataset } from '../../src/dataset-lsp/dataset-lint';
import { FactTable, factsOf } from '../../src/dataset-lsp/facts';
import { activeRules } from '../../src/dataset-lsp/line-lint';
import { lintText, type LintOptions, type Problem } from '../../src/dataset-lsp/linter';
import type { LineFinding } from '../../src/dataset-lsp/placement';

const record = (prompt: string, completion: string): string => JSON.stringify({ prompt, completion });
const found = (rule: string, lines: readonly string[], options: LintOptions = {}): Problem[] =>
  lintText(lines.join('\n'), options).problems.filter((problem) => problem.rule === rule);

/** Findings with their fixes. */
function findings(rule: string, lines: readonly string[]): { readonly line: number; readonly finding: LineFinding }[] {
  const format = formatById('completion');
  const values = lines.map((line) => asRecord(JSON.parse(line) as unknown)!);
  const table = new FactTable();
  for (const [i, value] of values.entries()) table.add(i + 1, factsOf(format.turns(value), value));
  const input = {
    table,
    format,
    validation: undefined,
    recordOf: (row: number) => values[row],
    sourceOf: (line: number) => lines[line - 1]!,
  };
  return [...lintDataset(input, activeRules({}))].flatMap((one) => (one?.finding.rule === rule ? [one] : []));
}

const LONG =
  'The sender drops the letter into a box, a van brings it to the sorting office, machines read the address, and the next morning somebody carries it to the door';

describe('duplicates', () => {
  const lines = [
    record('Capital of France?', 'Paris, of course.'),
    record('Capital of Spain?', 'Madrid, of course.'),
    record('Capital of France?', 'Paris, of course.'),
    record('Capital of France?', 'Paris, of course.'),
  ];
  it('name the first and offer to remove the record or all copies', () => {
    const [first, second] = findings('duplicate-example', lines);
    expect([first!.line, second!.line]).toEqual([3, 4]);
    expect(first!.finding.related).toEqual([{ line: 1, pointer: '', message: 'The first record of this content.' }]);
    expect(first!.finding.fixes!().map((fix) => [fix.removeLines, fix.safe])).toEqual([
      [[3], false],
      [[3, 4], false],
    ]);
  });
  it('are neither near duplicates nor conflicts', () => {
    expect(found('near-duplicate', lines)).toEqual([]);
    expect(found('conflicting-answers', lines)).toEqual([]);
  });
  it('are found in a copy of the file behind itself', () => {
    const many = Array.from({ length: 300 }, (_, i) => record(`What is ${i} plus ${i}?`, `It is ${2 * i}, of course.`));
    expect(found('duplicate-example', [...many, ...many]).map(({ line }) => line)).toEqual(many.map((_, i) => 301 + i));
  });
});

describe('near duplicates', () => {
  const lines = [
    record('How does a letter travel?', `${LONG}.`),
    record('How do I boil an egg?', 'Put it into boiling water for six minutes, then into cold water.'),
    record('How does a letter travel?', `${LONG} of the lucky one who has been waiting.`),
    record('How does a letter travel?', `${LONG}!`),
  ];
  it('report every record of a group but the first, and keep the longest answer', () => {
    const near = findings('near-duplicate', lines);
    expect(near.map(({ line }) => line)).toEqual([3, 4]);
    expect(near[0]!.finding.message).toMatch(
      /^This record shares \d\d % of its five-word runs with the one in line [14]\. 3 records/,
    );
    expect(near[1]!.finding.message).toMatch(/^This record has the same words as the one in line 1\./);
    expect(near[0]!.finding.fixes!().map((fix) => fix.removeLines)).toEqual([[3], [1, 4]]);
  });
  it('obey the threshold', () => {
    expect(found('near-duplicate', lines, { ruleOptions: { 'near-duplicate': { similarity: 0.95 } } }).length).toBe(1);
  });
  it('do not hold for two labels of one prompt', () => {
    const labelled = [true, false].map((label) =>
      JSON.stringify({ prompt: 'How does a letter travel?', completion: `${LONG}${label ? '.' : ' again.'}`, label }),
    );
    expect(found('near-duplicate', labelled)).toEqual([]);
    expect(
      found(
        'near-duplicate',
        labelled.map((line) => line.replace('true', 'false')),
      ).length,
    ).toBe(1);
  });
});

describe('conflicting answers', () => {
  it('count the different answers and name them', () => {
    const conflict = found('conflicting-answers', [
      record('Open on Sundays?', 'Yes.'),
      record('open on sundays?', 'No.'),
      record('Open on Sundays?', 'yes'),
      record('Open on Sundays?', 'Only in May.'),
    ]);
    expect(conflict.map(({ line }) => line)).toEqual([1]);
    expect(conflict[0]!.message).toContain('has 3 different answers: there are 2 others, the first in line 2.');
    expect(conflict[0]!.related!.map(({ line }) => line)).toEqual([2, 4]);
  });
  it('leave long answers, other words for the same, and prompts that differ in punctuation alone', () => {
    const poem = (word: string): string => `${`${word} and the sea, `.repeat(30)}.`;
    expect(
      found('conflicting-answers', [
        record('Write a poem.', poem('wind')),
        record('Write a poem.', poem('rain')),
        record('Order a pizza', 'I am sorry, but I cannot order a pizza. I can only calculate discounts for you.'),
        record('Order a pizza', 'I am sorry, but I cannot order a pizza for you. I can only calculate a discount.'),
        record('What is f(1)?', '1'),
        record('What is f[1]?', '2'),
      ]),
    ).toEqual([]);
  });
  it('are said once where the data has several answers on purpose', () => {
    const lines = Array.from({ length: 60 }, (_, i) =>
      record(`Name an animal with the letter ${i >> 1}.`, `Animal ${i}.`),
    );
    const conflict = found('conflicting-answers', lines);
    expect(conflict.length).toBe(1);
    expect(conflict[0]!.message).toMatch(/^30 of the 30 prompts with short answers/);
  });
  it('do not hold for preferences', () => {
    const lines = ['Yes.', 'No.'].map((chosen) => JSON.stringify({ prompt: 'Open?', chosen, rejected: 'Perhaps.' }));
    expect(found('conflicting-answers', lines)).toEqual([]);
  });
});

describe('figures of the file', () => {
  it('name the refusals of a file that has many', () => {
    const lines = Array.from({ length: 40 }, (_, i) =>
      record(`Question ${i}?`, i % 10 === 3 ? "I'm sorry, but I can't help with that request." : `Answer ${i}.`),
    );
    const [refusal, ...more] = found('refusal', lines);
    expect(more).toEqual([]);
    expect(refusal).toMatchObject({ line: 4, severity: 'information' });
    expect(refusal!.message).toContain('4 of 40 records (10 %)');
    expect(refusal!.related!.map(({ line }) => line)).toEqual([14, 24, 34]);
    expect(found('refusal', lines, { ruleOptions: { refusal: { percent: 20 } } })).toEqual([]);
  });
  it('name an answer that is far longer, but not where many are', () => {
    const lines = (long: number): string[] =>
      Array.from({ length: 200 }, (_, i) =>
        record(`Question ${i}?`, `Answer ${i}${' indeed'.repeat(i < long ? 600 : 3)}.`),
      );
    expect(found('length-outlier', lines(1)).map(({ line }) => line)).toEqual([1]);
    expect(found('length-outlier', lines(1))[0]!.message).toContain('4,209 characters');
    expect(found('length-outlier', lines(80))).toEqual([]);
  });
  it('say that ten records are few', () => {
    const lines = Array.from({ length: 9 }, (_, i) => record(`Question ${i}?`, `Answer ${i}.`));
    expect(found('too-few-examples', lines).map(({ message }) => message)).toEqual([
      'The file has only 9 records. Collect at least 10 before you train.',
    ]);
  });
});
