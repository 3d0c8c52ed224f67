/**
 * MMLU as it lies in a folder: the files of its authors (`dev/anatomy_dev.csv`, `test/anatomy_test.csv`), the Parquet files of
 * `cais/mmlu` on the hub (`anatomy/test-00000-of-00001.parquet`, or all subjects in `all/`), or JSON Lines named like either.
 */
import { type Dirent, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { Failure } from '../../common/failure';
import type { Question, SubjectQuestions } from './question';
import { QUESTION_FILES, dataFailure, readQuestions } from './question-files';
import { choiceQuestion } from './question-rows';

type Split = 'dev' | 'test';

interface QuestionFile {
  readonly path: string;
  readonly split: Split;
  /** Of a file that holds one. */
  readonly subject: string | undefined;
}

/**
 * All subjects of the test split, by name, with the first `shots` questions of the dev split as examples.
 * @throws Failure (exit code 2) `benchmark-data`
 */
export async function findMmlu(folder: string, shots: number): Promise<SubjectQuestions[]> {
  const files = filesOf(folder);
  const test = await questionsOf(files, 'test');
  if (test.size === 0)
    throw new Failure(
      'benchmark-data',
      `${folder} holds no questions of MMLU: there is no file such as test/anatomy_test.csv, anatomy/test-00000-of-00001.parquet or test/anatomy_test.jsonl.`,
      'Name the folder that "test" and "dev" or the folders of the subjects lie in.',
      2,
    );
  const dev = shots > 0 ? await questionsOf(files, 'dev') : new Map<string, Question[]>();
  return [...test.keys()].sort().map((name) => {
    const examples = dev.get(name)?.slice(0, shots) ?? [];
    if (examples.length < shots)
      throw new Failure(
        'benchmark-data',
        `${folder}: ${shots} examples are wanted before each question, and the dev split of ${name} has ${examples.length}.`,
        `Add the files of the dev split, or ask for fewer with --shots ${examples.length}.`,
        2,
      );
    return { name, questions: test.get(name)!, examples };
  });
}

async function questionsOf(files: readonly QuestionFile[], split: Split): Promise<Map<string, Question[]>> {
  const found = new Map<string, Question[]>();
  for (const { path, subject: own } of files.filter((file) => file.split === split))
    for (const { question, subject } of await readQuestions(path, choiceQuestion)) {
      const name = (own ?? subject)?.replaceAll(' ', '_');
      if (name === undefined) throw dataFailure(`${path}: neither its name nor its rows say which subject it is of.`);
      const questions = found.get(name);
      if (questions) questions.push(question);
      else found.set(name, [question]);
    }
  return found;
}

/** Sorted, so that the parts of a split come in their order. */
function filesOf(folder: string): QuestionFile[] {
  const files = entriesOf(folder).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && QUESTION_FILES.includes(extname(path)) ? (placeOf(folder, path) ?? []) : [];
  });
  const bySubject = files.filter(({ subject }) => subject !== undefined);
  const chosen = (bySubject.length > 0 ? bySubject : files).sort((a, b) => (a.path < b.path ? -1 : 1));
  const kinds = [...new Set(chosen.map(({ path }) => extname(path)))];
  if (kinds.length > 1)
    throw dataFailure(`${folder} holds the questions as ${kinds.join(' and as ')}, and so would count them twice.`);
  return chosen;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const what = code === 'ENOENT' ? `There is no folder ${folder}.` : `${folder} cannot be read (${code}).`;
    throw new Failure('benchmark-data', what, 'Name the folder of MMLU with --mmlu-dir.', 2);
  }
}

/** Other splits (val, auxiliary_train) are not asked. */
function placeOf(folder: string, path: string): QuestionFile | undefined {
  const parts = relative(folder, path).slice(0, -extname(path).length).split(sep);
  const name = parts.at(-1)!.replace(/-\d+-of-\d+$/, '');
  const parent = parts.at(-2) ?? '';
  const [, subject, split] = /^(?:(.+)_)?(dev|test)$/.exec(name) ?? [];
  if (isSplit(split)) return { path, split, subject: subject ?? (COMMON_FOLDERS.has(parent) ? undefined : parent) };
  return isSplit(parent) ? { path, split: parent, subject: name } : undefined;
}

function isSplit(text: string | undefined): text is Split {
  return text === 'dev' || text === 'test';
}

/** They name no subject. */
const COMMON_FOLDERS = new Set(['', 'all', 'data', 'dev', 'test']);
