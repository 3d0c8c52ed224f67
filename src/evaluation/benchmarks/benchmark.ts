/** Which questions a benchmark asks, and in what way. */
import { basename } from 'node:path';
import { Failure } from '../../common/failure';
import { groupBy } from '../../common/group-by';
import { nearest } from '../../common/nearest';
import { findMmlu } from './mmlu-folder';
import { MMLU_GROUPS } from './mmlu-subjects';
import { NO_SUBJECT, type SubjectQuestions } from './question';
import { readQuestions } from './question-files';
import { choiceQuestion, textQuestion } from './question-rows';

export const BENCHMARKS = ['mmlu', 'multiple-choice', 'qa'] as const;
export const BENCHMARK_METHODS = ['log-likelihood', 'generate'] as const;

export interface BenchmarkOptions {
  readonly id: (typeof BENCHMARKS)[number];
  /** The folder of MMLU, or a file of the user's own. */
  readonly path: string;
  /** Examples before each question; 5 for MMLU, as published numbers have it, and 0 for other files. */
  readonly shots?: number | undefined;
  /** Subjects or, of MMLU, groups of them; without it all. */
  readonly subjects?: readonly string[] | undefined;
  /** Only the first so many questions of each subject, as lm-eval's `--limit`. */
  readonly limit?: number | undefined;
  readonly method?: (typeof BENCHMARK_METHODS)[number] | undefined;
}

export interface Benchmark {
  readonly id: BenchmarkOptions['id'];
  readonly title: string;
  readonly path: string;
  readonly method: (typeof BENCHMARK_METHODS)[number];
  readonly shots: number;
  readonly subjects: readonly SubjectQuestions[];
}

const MMLU_SHOTS = 5;

/** @throws Failure (exit code 2) `benchmark-data` or `usage` */
export async function openBenchmark(options: BenchmarkOptions): Promise<Benchmark> {
  const { id, path, limit = Infinity } = options;
  const { shots = id === 'mmlu' ? MMLU_SHOTS : 0, method = id === 'qa' ? 'generate' : 'log-likelihood' } = options;
  if (id === 'qa' && method === 'log-likelihood')
    throw usage('Questions with free answers have no choices whose likelihood could be compared.');
  const all = id === 'mmlu' ? await findMmlu(path, shots) : await ownQuestions(path, id, shots);
  const chosen = options.subjects ? choose(all, options.subjects) : all;
  return {
    id,
    title: id === 'mmlu' ? 'MMLU' : basename(path),
    path,
    method,
    shots,
    subjects: chosen.map((subject) => ({ ...subject, questions: subject.questions.slice(0, limit) })),
  };
}

/** Without a file of examples the first rows serve as such, each but for itself; so does lm-eval. */
async function ownQuestions(path: string, id: 'multiple-choice' | 'qa', shots: number): Promise<SubjectQuestions[]> {
  const rows = await readQuestions(path, id === 'qa' ? textQuestion : choiceQuestion);
  return [...groupBy(rows, ({ subject }) => subject ?? NO_SUBJECT)].map(([name, own]) => {
    const questions = own.map(({ question }) => question);
    if (questions.length <= shots)
      throw usage(
        `${path}: ${questions.length} questions${name === NO_SUBJECT ? '' : ` of the subject "${name}"`} are too few for ${shots} examples before each.`,
      );
    return { name, questions, examples: shots === 0 ? [] : questions.slice(0, shots + 1) };
  });
}

function choose(all: readonly SubjectQuestions[], wanted: readonly string[]): SubjectQuestions[] {
  const names = new Set(all.map(({ name }) => name));
  const chosen = new Set(
    wanted.flatMap((given) => {
      if (names.has(given)) return [given];
      const plain = given.trim().toLowerCase();
      const name = plain.replaceAll(' ', '_');
      const group = [...(MMLU_GROUPS.get(plain.replaceAll('_', ' ')) ?? [])].filter((one) => names.has(one));
      if (names.has(name) || group.length > 0) return names.has(name) ? [name] : group;
      const near = nearest(name, [...names]);
      throw usage(`There is no subject "${given}".${near ? ` Did you mean ${near}?` : ''}`);
    }),
  );
  return all.filter(({ name }) => chosen.has(name));
}

function usage(message: string): Failure {
  return new Failure('usage', message, '"fine-tune evaluate --help" shows all flags.', 2);
}
