import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBenchmark } from '../../../src/evaluation/benchmarks/benchmark';
import { findMmlu } from '../../../src/evaluation/benchmarks/mmlu-folder';
import type { SubjectQuestions } from '../../../src/evaluation/benchmarks/question';
import { MMLU, SUBJECTS } from './lm-eval';

const PARQUET = join(__dirname, 'mmlu-parquet');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fine-tune-mmlu-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The same questions as JSON Lines. */
async function writeJsonLines(name: (subject: string, split: string) => string, withSubject: boolean): Promise<void> {
  const lines = new Map<string, string[]>();
  for (const { name: subject, questions, examples } of await findMmlu(MMLU, 5))
    for (const [split, rows] of [
      ['test', questions],
      ['dev', examples],
    ] as const)
      for (const [i, { text: question, choices, answer }] of rows.entries()) {
        const path = join(folder, name(subject, split));
        const row = {
          question,
          choices,
          answer: i % 2 ? answer : 'ABCD'[answer as number],
          ...(withSubject && { subject }),
        };
        lines.set(path, [...(lines.get(path) ?? []), JSON.stringify(row)]);
      }
  for (const [path, rows] of lines) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `${rows.join('\n')}\n`);
  }
}

describe('findMmlu', () => {
  it('reads the files of its authors', async () => {
    const found = await findMmlu(MMLU, 5);
    expect(found.map(({ name, questions, examples }) => [name, questions.length, examples.length])).toEqual(
      SUBJECTS.map((name) => [name, 20, 5]),
    );
    expect(found[0]!.questions[5]).toEqual({
      text: 'Which statement about arteries is right?\n\nI. They carry blood away from the heart.\nII. All of them carry blood rich in oxygen.',
      choices: ['I only', 'II only', 'I and II', 'Neither I nor II'],
      answer: 0,
    });
  });

  it('finds the same in every layout', async () => {
    const expected = await findMmlu(MMLU, 3);
    expect(await findMmlu(PARQUET, 3)).toEqual(expected);
    expect(await findMmlu(join(PARQUET, 'all'), 3)).toEqual(expected);
    cpSync(MMLU, join(folder, 'data'), { recursive: true });
    writeFileSync(join(folder, 'data', 'README.txt'), 'Not a question.');
    mkdirSync(join(folder, 'data', 'val'));
    writeFileSync(join(folder, 'data', 'val', 'anatomy_val.csv'), 'Asked?,a,b,c,d,A\n');
    expect(await findMmlu(folder, 3)).toEqual(expected);
  });

  it.each([
    {
      layout: 'by split',
      name: (subject: string, split: string) => `${split}/${subject}_${split}.jsonl`,
      inRows: false,
    },
    { layout: 'by subject', name: (subject: string, split: string) => `${subject}/${split}.jsonl`, inRows: false },
    { layout: 'by split, plain', name: (subject: string, split: string) => `${split}/${subject}.jsonl`, inRows: false },
    { layout: 'in one file', name: (_: string, split: string) => `${split}.jsonl`, inRows: true },
  ])('finds the same in JSON Lines, $layout', async ({ name, inRows }) => {
    await writeJsonLines(name, inRows);
    expect(await findMmlu(folder, 5)).toEqual(await findMmlu(MMLU, 5));
  });

  it('joins the parts of a split in their order', async () => {
    mkdirSync(join(folder, 'anatomy'));
    for (const [i, text] of ['one', 'two'].entries())
      writeFileSync(
        join(folder, 'anatomy', `test-0000${i}-of-00002.jsonl`),
        JSON.stringify({ question: text, choices: ['a', 'b'], answer: 0 }),
      );
    const [anatomy] = await findMmlu(folder, 0);
    expect(anatomy!.questions.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  const write = (name: string, text: string | Buffer): void => {
    mkdirSync(join(folder, 'test'), { recursive: true });
    writeFileSync(join(folder, 'test', name), text);
  };
  const refusal = (): Promise<SubjectQuestions[]> => findMmlu(folder, 0);

  it('names file and line of bad rows', async () => {
    write('anatomy_test.csv', 'Good?,a,b,c,d,A\n"Two\nlines?",a,b,c,d,E\nShort?,A\n');
    await expect(refusal()).rejects.toMatchObject({
      code: 'benchmark-data',
      exitCode: 2,
      message: expect.stringMatching(
        /anatomy_test\.csv:2 the answer "E" is none of the 4 choices.*\n.*anatomy_test\.csv:4 there are 2 columns/,
      ) as string,
    });
    write('anatomy_test.csv', '"Never closed,a,b,c,d,A\n');
    await expect(refusal()).rejects.toThrow(/anatomy_test\.csv:1 a quote is not closed/);
    write('anatomy_test.csv', '');
    await expect(refusal()).rejects.toThrow(/anatomy_test\.csv has no question/);
    write('anatomy_test.csv', Buffer.from([0x61, 0xff, 0x2c, 0x62]));
    await expect(refusal()).rejects.toThrow(/anatomy_test\.csv:1:2 /);
  });

  it('refuses what is no Parquet, two kinds of files, an empty and a missing folder', async () => {
    await expect(refusal()).rejects.toThrow(/holds no questions of MMLU/);
    write('anatomy_test.parquet', 'PAR1 and nothing else');
    await expect(refusal()).rejects.toThrow(/anatomy_test\.parquet is no readable Parquet file/);
    write('anatomy_test.csv', 'Good?,a,b,c,d,A\n');
    await expect(refusal()).rejects.toThrow(/as \.csv and as \.parquet/);
    await expect(findMmlu(join(folder, 'none'), 0)).rejects.toThrow(/There is no folder/);
  });

  it('refuses more examples than there are', async () => {
    await expect(findMmlu(MMLU, 6)).rejects.toThrow(/6 examples .* the dev split of anatomy has 5/);
  });
});

describe('openBenchmark', () => {
  const names = async (subjects: readonly string[]): Promise<string[]> =>
    (await openBenchmark({ id: 'mmlu', path: MMLU, subjects })).subjects.map(({ name }) => name);

  it('takes 5 examples, the subjects asked for and the first questions', async () => {
    const { shots, method, subjects } = await openBenchmark({ id: 'mmlu', path: MMLU, limit: 2 });
    expect({ shots, method }).toEqual({ shots: 5, method: 'log-likelihood' });
    const all = await findMmlu(MMLU, 5);
    expect(subjects.map(({ questions }) => questions)).toEqual(all.map(({ questions }) => questions.slice(0, 2)));
    expect(await names(['High School Geography'])).toEqual(['high_school_geography']);
    expect(await names(['humanities', 'stem'])).toEqual(['anatomy', 'formal_logic']);
    await expect(names(['anatomi'])).rejects.toThrow(/no subject "anatomi". Did you mean anatomy\?/);
  });

  it('reads own files, by subject where the rows have one', async () => {
    const path = join(folder, 'own.jsonl');
    const row = (subject: string, question: string): string =>
      JSON.stringify({ subject, question, choices: ['a', 'b'], answer: 1 });
    writeFileSync(path, [row('x', '1'), row('y', '2'), row('x', '3')].join('\n'));
    const { title, shots, subjects } = await openBenchmark({ id: 'multiple-choice', path });
    expect({ title, shots }).toEqual({ title: 'own.jsonl', shots: 0 });
    expect(subjects.map(({ name, questions }) => [name, questions.map(({ text }) => text)])).toEqual([
      ['x', ['1', '3']],
      ['y', ['2']],
    ]);
    await expect(openBenchmark({ id: 'multiple-choice', path, shots: 1 })).rejects.toThrow(
      /1 questions of the subject "y" are too few for 1 examples/,
    );
    writeFileSync(path, '{"question": "q"}\nnot json\n[1]\n');
    await expect(openBenchmark({ id: 'qa', path })).rejects.toThrow(
      /own\.jsonl:1 there is no "answer"\.\n.*own\.jsonl:2 no JSON: .*\n.*own\.jsonl:3 the line is no JSON object/,
    );
    await expect(openBenchmark({ id: 'qa', path, method: 'log-likelihood' })).rejects.toMatchObject({ code: 'usage' });
    await expect(openBenchmark({ id: 'qa', path: join(folder, 'none.jsonl') })).rejects.toThrow(/There is no file/);
    writeFileSync(join(folder, 'own.txt'), 'text');
    await expect(openBenchmark({ id: 'qa', path: join(folder, 'own.txt') })).rejects.toThrow(/is no file of questions/);
  });
});
