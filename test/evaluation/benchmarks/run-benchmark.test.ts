import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BenchmarkOptions, openBenchmark } from '../../../src/evaluation/benchmarks/benchmark';
import { completionPrompt } from '../../../src/evaluation/benchmarks/prompts';
import { lengthOf, requestOf } from '../../../src/evaluation/benchmarks/requests';
import { type BenchmarkTools, runBenchmark } from '../../../src/evaluation/benchmarks/run-benchmark';
import type { Generator } from '../../../src/evaluation/generation/generator';
import { openSubjects } from '../../../src/evaluation/subject';
import { MMLU, SUBJECTS, lmEval } from './lm-eval';

const { base } = openSubjects(join(__dirname, '../../../media/sample/base'));
const { tokenizer } = base.checked;
const decode = (ids: Int32Array): string => tokenizer.decode(ids);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fine-tune-benchmark-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Fake {
  readonly answer?: (prompt: string) => string;
  readonly logProbabilities?: (prompt: string) => readonly number[];
  readonly contextLength?: number;
}

/** A model that answers what it is told; `asked` counts. */
function fake({ answer, logProbabilities, contextLength = 10_000 }: Fake): Generator & { asked: number } {
  const generator: Generator & { asked: number } = {
    asked: 0,
    parallel: 2,
    contextLength,
    answer: (prompt) => {
      generator.asked++;
      return Promise.resolve({ text: answer!(decode(prompt)), tokens: [], finish: 'stop' });
    },
    logLikelihoods: (prompt, continuations) => {
      generator.asked++;
      expect(continuations.map(decode)).toEqual([' A', ' B', ' C', ' D'].slice(0, continuations.length));
      expect(prompt.length + 1).toBeLessThanOrEqual(contextLength);
      const values = logProbabilities!(decode(prompt));
      return Promise.resolve(continuations.map((_, i) => ({ logProbability: values[i]!, greedy: false })));
    },
    dispose: () => Promise.resolve(),
  };
  return generator;
}

function toolsFor(generators: readonly Generator[], signal = new AbortController().signal): BenchmarkTools {
  const left = [...generators];
  return {
    sides: generators.length === 2 ? { base, tuned: base } : { base },
    answersFile: join(folder, 'answers.jsonl'),
    openGenerator: () => Promise.resolve({ generator: left.shift()!, engine: 'onnxruntime', device: 'cpu' }),
    resampling: { seed: 1 },
    signal,
    onProgress: () => {},
  };
}

async function run(options: BenchmarkOptions, tools: BenchmarkTools) {
  return await runBenchmark(await openBenchmark(options), tools);
}

describe('MMLU by log-likelihood', () => {
  it.each([0, 5])('has the prompts and the numbers of lm-eval with %i examples', async (shots) => {
    const { all, subjects } = lmEval(String(shots));
    const benchmark = await openBenchmark({ id: 'mmlu', path: MMLU, shots });
    const answers = new Map<string, readonly number[]>();
    for (const subject of benchmark.subjects) {
      const oracle = subjects.get(subject.name)!;
      subject.questions.forEach((question, i) =>
        answers.set(completionPrompt(question, subject, benchmark), oracle.logLikelihoods[i]!),
      );
      expect(completionPrompt(subject.questions.at(-1)!, subject, benchmark)).toBe(oracle.prompt);
    }
    const generator = fake({ logProbabilities: (prompt) => answers.get(prompt)! });
    const { result } = (await runBenchmark(benchmark, toolsFor([generator])))!;
    expect(result.overall.base.value).toBeCloseTo(all.acc, 12);
    expect(result.standardError.base).toBeCloseTo(all.stderr, 12);
    for (const name of SUBJECTS) {
      const found = result.subjects.find((one) => one.name === name)!;
      expect(found.base).toBeCloseTo(subjects.get(name)!.acc, 12);
      expect(found.standardError.base).toBeCloseTo(subjects.get(name)!.stderr, 12);
    }
    expect(result.groups.map(({ name, questions }) => [name, questions])).toEqual([
      ['stem', 20],
      ['humanities', 20],
      ['social sciences', 20],
    ]);
    expect(result).toMatchObject({ questions: 60, cut: 0, unanswered: null, others: [] });
  });

  it('cuts long prompts at their beginning, and counts them', async () => {
    const prompts: string[] = [];
    const generator = fake({
      contextLength: 100,
      logProbabilities: (prompt) => {
        prompts.push(prompt);
        return [0, -1, -1, -1];
      },
    });
    const found = (await run({ id: 'mmlu', path: MMLU, shots: 5, limit: 1 }, toolsFor([generator])))!;
    expect(found.result.cut).toBe(3);
    expect(found.notes).toEqual([expect.stringMatching(/prompts of 3 of 3 questions are longer than the context/)]);
    expect(prompts.every((prompt) => prompt.endsWith('Answer:') && !prompt.startsWith('The following'))).toBe(true);
  });
});

describe('requestOf', () => {
  const question = { text: 'Sky?', choices: ['red', 'blue'], answer: 1 };
  const subject = { name: 'all', questions: [question], examples: [] };
  const request = (family: string) =>
    requestOf(
      question,
      subject,
      { method: 'log-likelihood', shots: 0 },
      {
        ...base.checked,
        config: { ...base.checked.config, family },
        tokenizer: { ...tokenizer, prefix: [1] },
      },
    );

  it('begins with the token of the beginning for Gemma only, as lm-eval', () => {
    const [llama, gemma] = [request('llama'), request('gemma2')];
    expect([...gemma.prompt]).toEqual([1, ...llama.prompt]);
    expect(gemma.continuations).toEqual(llama.continuations);
    expect(lengthOf(gemma)).toBe(gemma.prompt.length + 1);
  });
});

describe('a benchmark of two models', () => {
  const questions = [
    { question: 'Sky?', choices: ['red', 'blue'], answer: 1 },
    { question: 'Grass?', choices: ['green', 'blue', 'grey'], answer: 'A' },
  ];
  const own = (rows: readonly object[]): string => {
    const path = join(folder, 'own.jsonl');
    writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    return path;
  };

  it('compares them, and counts answers that name no choice', async () => {
    const path = own(questions);
    const prompts: string[] = [];
    const silent = fake({ answer: (prompt) => (prompts.push(prompt), prompt.includes('Sky?') ? 'B.' : 'No idea.') });
    const right = fake({ answer: (prompt) => (prompt.includes('Sky?') ? 'The answer is B' : 'green') });
    const tuned = { ...base, nf4: { doubleQuant: true } };
    const tools = { ...toolsFor([silent, right]), sides: { base, tuned } };
    const { result } = (await run({ id: 'multiple-choice', path, method: 'generate' }, tools))!;
    expect(prompts[0]).toContain('Sky?\nA. red\nB. blue\nAnswer:');
    expect(result.overall).toMatchObject({ base: { value: 0.5 }, tuned: { value: 1 }, difference: { value: 0.5 } });
    expect(result.unanswered).toEqual({ base: 1, tuned: 0 });
    expect(result.subjects).toMatchObject([{ name: 'all', questions: 2, base: 0.5, tuned: 1 }]);
  });

  it('shows the first rows as examples, but not a question before itself', async () => {
    const path = own([...questions, { question: 'Snow?', choices: ['white', 'black'], answer: 0 }]);
    const prompts: string[] = [];
    const generator = fake({ logProbabilities: (prompt) => (prompts.push(prompt), [0, -1, -1]) });
    await run({ id: 'multiple-choice', path, shots: 1 }, toolsFor([generator]));
    const head = 'The following are multiple choice questions (with answers).\n\n';
    const sky = 'Sky?\nA. red\nB. blue\nAnswer:';
    const grass = 'Grass?\nA. green\nB. blue\nC. grey\nAnswer:';
    expect(prompts).toEqual([
      `${head}${grass} A\n\n${sky}`,
      `${head}${sky} B\n\n${grass}`,
      `${head}${sky} B\n\nSnow?\nA. white\nB. black\nAnswer:`,
    ]);
  });

  it('scores texts as SQuAD does', async () => {
    const path = own([
      { question: 'Who?', answer: 'The old man' },
      { question: 'Where?', answers: ['at sea', 'on the sea'] },
    ]);
    const generator = fake({ answer: (prompt) => (prompt.includes('Who?') ? 'An old man!' : 'The deep sea') });
    const { result } = (await run({ id: 'qa', path }, toolsFor([generator])))!;
    expect(result.overall.base.value).toBe(0.5);
    // Of the second: "deep sea" has one of two words in common with "at sea".
    expect(result.others).toMatchObject([{ id: 'f1', base: { value: 0.75 } }]);
    expect(result.unanswered).toBeNull();
  });

  it('goes on where it was stopped, even in the middle of a line', async () => {
    const options = { id: 'mmlu', path: MMLU, shots: 0 } as const;
    const controller = new AbortController();
    let left = 10;
    const first = fake({
      logProbabilities: () => {
        if (--left === 0) controller.abort();
        return [0, -1, -1, -1];
      },
    });
    expect(await run(options, toolsFor([first], controller.signal))).toBeUndefined();
    const kept = readFileSync(join(folder, 'answers.jsonl'), 'utf8').trim().split('\n').length;
    expect(kept).toBe(first.asked);
    expect(kept).toBeLessThan(15);
    appendFileSync(join(folder, 'answers.jsonl'), '{"key":"abc","side":"ba');
    const second = fake({ logProbabilities: () => [0, -1, -1, -1] });
    const { result } = (await run(options, toolsFor([second])))!;
    expect(first.asked + second.asked).toBe(60);
    expect(result.questions).toBe(60);
    const third = fake({});
    expect((await run(options, toolsFor([third])))!.result).toEqual(result);
    // Another number of examples is another question.
    const fourth = fake({ logProbabilities: () => [0, -1, -1, -1] });
    await run({ ...options, shots: 1 }, toolsFor([fourth]));
    expect([third.asked, fourth.asked]).toEqual([0, 60]);
  });

  it('passes on what goes wrong, and keeps what was answered', async () => {
    const broken = fake({
      logProbabilities: () => {
        if (broken.asked > 5) throw new Error('The model is gone.');
        return [0, -1, -1, -1];
      },
    });
    await expect(run({ id: 'mmlu', path: MMLU, shots: 0 }, toolsFor([broken]))).rejects.toThrow('The model is gone.');
    expect(readFileSync(join(folder, 'answers.jsonl'), 'utf8').trim().split('\n')).toHaveLength(5);
  });
});
