/** Rows of a file of questions: CSV as MMLU first came, JSON Lines, or Parquet as the hub has it. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { Failure } from '../../common/failure';
import { decodeText } from '../../dataset/encoding';
import { isBlank, parseLine, splitLines } from '../../dataset/jsonl';
import { asRecord } from '../../dataset/shape';
import { CsvError, readCsv } from './csv';
import type { Question } from './question';
import type { Parsed, Row } from './question-rows';

export const QUESTION_FILES = ['.csv', '.jsonl', '.parquet'];

export interface FileQuestion {
  readonly question: Question;
  /** What the row itself says it belongs to. */
  readonly subject: string | undefined;
}

/** A wrong row would change the number of the benchmark without a word, so that none is left out. */
const SHOWN_PROBLEMS = 5;

/** @throws Failure (exit code 2) `benchmark-data` that names file and line */
export async function readQuestions(path: string, parse: (row: Row) => Parsed): Promise<FileQuestion[]> {
  const problems: string[] = [];
  const questions: FileQuestion[] = [];
  for (const { line, value } of await readRows(path)) {
    const parsed = typeof value === 'string' ? { problem: value } : parse(value);
    if ('problem' in parsed) {
      problems.push(`${path}:${line} ${parsed.problem}.`);
      continue;
    }
    const subject = typeof value === 'string' ? undefined : value['subject'];
    const named = typeof subject === 'string' && subject !== '' ? subject : undefined;
    questions.push({ question: parsed.question, subject: named });
  }
  if (problems.length > 0) {
    const more = problems.length - SHOWN_PROBLEMS;
    throw dataFailure([...problems.slice(0, SHOWN_PROBLEMS), ...(more > 0 ? [`… and ${more} more.`] : [])].join('\n'));
  }
  if (questions.length === 0) throw dataFailure(`${path} has no question.`);
  return questions;
}

export function dataFailure(message: string): Failure {
  return new Failure('benchmark-data', message, 'Correct the file; "fine-tune evaluate --help" shows the layouts.', 2);
}

interface FileRow {
  /** 1-based; in Parquet the number of the row. */
  readonly line: number;
  /** A text says why there is none. */
  readonly value: Row | string;
}

async function readRows(path: string): Promise<FileRow[]> {
  const kind = extname(path).toLowerCase();
  if (kind === '.parquet') return parquetRows(path);
  const text = readText(path);
  if (kind === '.csv') return csvRows(path, text);
  if (kind === '.jsonl' || kind === '.json' || kind === '.ndjson') return jsonRows(text);
  throw dataFailure(`${path} is no file of questions: its name must end with ${QUESTION_FILES.join(', ')}.`);
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const { text, problems } = decodeText(bytes);
  const wrong = problems.find(({ message }) => !/byte order mark/i.test(message));
  if (wrong) throw dataFailure(`${path}:${wrong.line}:${wrong.column} ${wrong.message}`);
  return text;
}

function unreadable(path: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const what = code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${code || String(error)}).`;
  return new Failure('benchmark-data', what, 'Check the path.', 2);
}

/** Without a head, as MMLU: the question, its choices, the letter of the right one. */
function csvRows(path: string, text: string): FileRow[] {
  try {
    const rows = readCsv(text);
    const isHead = rows[0]?.fields.at(-1)?.trim().toLowerCase() === 'answer';
    return rows.slice(isHead ? 1 : 0).map(({ line, fields }) => {
      if (fields.length < 4)
        return {
          line,
          value: `there are ${fields.length} columns; a question, its choices and the answer are expected`,
        };
      return { line, value: { question: fields[0], choices: fields.slice(1, -1), answer: fields.at(-1) } };
    });
  } catch (error) {
    if (error instanceof CsvError) throw dataFailure(`${path}:${error.line} ${error.message}.`);
    throw error;
  }
}

function jsonRows(text: string): FileRow[] {
  const rows: FileRow[] = [];
  for (const { number: line, start, end } of splitLines(text)) {
    const one = text.slice(start, end);
    if (isBlank(one)) continue;
    const parsed = parseLine(one);
    if (!parsed.ok) rows.push({ line, value: `no JSON: ${parsed.error.message.replace(/\.$/, '')}` });
    else rows.push({ line, value: asRecord(parsed.value) ?? 'the line is no JSON object' });
  }
  return rows;
}

async function parquetRows(path: string): Promise<FileRow[]> {
  try {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    return rows.map((value, i) => ({ line: i + 1, value }));
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw unreadable(path, error);
    const reason = error instanceof Error ? error.message : String(error);
    const [, codec] = /unsupported compression codec: (\w+)/.exec(reason) ?? [];
    if (codec === undefined) throw dataFailure(`${path} is no readable Parquet file (${reason}).`);
    throw new Failure(
      'benchmark-data',
      `${path} is compressed with ${codec}; only Snappy and uncompressed files can be read.`,
      'Write it again with compression="snappy", or use the CSV or JSON Lines files.',
      2,
    );
  }
}
