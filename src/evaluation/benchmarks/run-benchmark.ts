/** Asks base and tuned model the questions of a benchmark. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { groupBy } from '../../common/group-by';
import type { OpenedGenerator } from '../generation/open-generator';
import type { BenchmarkPart } from '../evaluator';
import type { ResampleOptions } from '../metrics/bootstrap';
import type { Side } from '../journal';
import type { Subject } from '../subject';
import { AnswerLog } from './answer-log';
import type { Benchmark } from './benchmark';
import { chatPrompt, completionPrompt } from './prompts';
import type { Question, SubjectQuestions } from './question';
import { type Request, ask, lengthOf, requestOf } from './requests';
import { type Scored, resultOf, scoreAnswer } from './score';

export interface BenchmarkTools {
  readonly sides: Readonly<Partial<Record<Side, Subject>>>;
  /** Keeps the answers: the same question is not asked twice. */
  readonly answersFile: string;
  /** @param contextLength most tokens of prompt and answer together that will be asked for */
  readonly openGenerator: (subject: Subject, contextLength: number) => Promise<OpenedGenerator>;
  readonly resampling: ResampleOptions;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BenchmarkProgress) => void;
}

export interface BenchmarkProgress {
  readonly side: Side;
  /** Asked last. */
  readonly subject: string;
  readonly done: number;
  readonly total: number;
}

interface Asked {
  readonly subject: SubjectQuestions;
  readonly question: Question;
  readonly number: number;
  readonly key: string;
}

/**
 * @returns undefined where the signal was aborted; what was answered until then is kept
 * @throws Failure of models and disk
 */
export async function runBenchmark(benchmark: Benchmark, tools: BenchmarkTools): Promise<BenchmarkPart | undefined> {
  const began = performance.now();
  const log = new AnswerLog(tools.answersFile);
  const notes = new Set<string>();
  const scored = new Map<Side, Map<SubjectQuestions, Scored[]>>();
  try {
    for (const side of ['base', 'tuned'] as const) {
      const model = tools.sides[side];
      if (!model) continue;
      const questions = questionsFor(benchmark, model);
      const opened = await answerAll(questions, benchmark, model, { ...tools, side, log });
      if (tools.signal.aborted) return undefined;
      if (opened?.reason !== undefined) notes.add(opened.reason);
      const bySubject = groupBy(questions, ({ subject }) => subject);
      const score = ({ question, key }: Asked): Scored => scoreAnswer(question, log.get(key)!);
      scored.set(side, new Map([...bySubject].map(([subject, asked]) => [subject, asked.map(score)])));
    }
  } finally {
    log.close();
  }
  const subjects = benchmark.subjects.map((subject) => ({
    name: subject.name,
    base: scored.get('base')?.get(subject) ?? [],
    tuned: scored.get('tuned')?.get(subject) ?? [],
  }));
  const result = resultOf(benchmark, subjects, tools.resampling);
  if (result.cut > 0)
    notes.add(
      `${result.title}: the prompts of ${result.cut} of ${result.questions} questions are longer than the context, and lost their beginning.`,
    );
  return { result, seconds: (performance.now() - began) / 1000, notes: [...notes] };
}

function questionsFor(benchmark: Benchmark, model: Subject): Asked[] {
  const own = subjectKey(model);
  return benchmark.subjects.flatMap((subject) =>
    subject.questions.map((question, i) => {
      const prompt =
        benchmark.method === 'generate'
          ? [model.checked.template.source, chatPrompt(question, subject, benchmark)]
          : completionPrompt(question, subject, benchmark);
      const text = JSON.stringify([own, benchmark.method, question.choices.length, prompt]);
      const key = createHash('sha256').update(text).digest('hex').slice(0, KEY_LENGTH);
      return { subject, question, number: i + 1, key };
    }),
  );
}

const KEY_LENGTH = 24;
const ENCODED_AT_ONCE = 50;

/** Another base, adapter or way to keep the weights has another one. */
function subjectKey({ model, adapter, nf4 }: Subject): string {
  const hash = createHash('sha256').update(JSON.stringify([model.hash(), nf4 ?? null, adapter?.lora ?? null]));
  for (const { name, data } of adapter?.parameters ?? [])
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** Asks what the log does not know yet. Subjects come one after the other: what their prompts share is computed once. */
async function answerAll(
  questions: readonly Asked[],
  benchmark: Benchmark,
  model: Subject,
  tools: BenchmarkTools & { readonly side: Side; readonly log: AnswerLog },
): Promise<OpenedGenerator | undefined> {
  const { side, log, signal } = tools;
  const waiting = questions.filter(({ key }) => !log.get(key));
  if (waiting.length === 0 || signal.aborted) return undefined;
  let done = questions.length - waiting.length;
  const report = (subject: string): void => tools.onProgress({ side, subject, done, total: questions.length });
  report(waiting[0]!.subject.name);
  const requests = new Map<Asked, Request>();
  for (const one of waiting) {
    requests.set(one, requestOf(one.question, one.subject, benchmark, model.checked));
    // All of MMLU takes a while: signals must get through.
    if (requests.size % ENCODED_AT_ONCE === 0) await setImmediate();
    if (signal.aborted) return undefined;
  }
  const longest = [...requests.values()].reduce((most, request) => Math.max(most, lengthOf(request)), 0);
  const contextLength = Math.min(longest, mostTokens(model));
  const opened = await tools.openGenerator(model, contextLength);
  const { generator } = opened;
  const room = Math.min(contextLength, generator.contextLength);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      const { key, subject, number: question } = next;
      const answer = await ask(generator, requests.get(next)!, room, signal);
      if (!answer) return;
      log.add({ key, side, subject: subject.name, question, ...answer });
      done++;
      report(subject.name);
    }
  };
  try {
    const results = await Promise.allSettled(Array.from({ length: generator.parallel }, work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return opened;
  } finally {
    waiting.length = 0;
    await generator.dispose();
  }
}

/** The last token of an answer is only compared, never read; but a vector for its place must exist where these are learned. */
function mostTokens({ checked: { config } }: Subject): number {
  return config.maxPositions + (config.learnedPositions ? 0 : 1);
}
