/** From a row of a file to a question. Rows of many makers are understood; what is not is said, never guessed. */
import { asRecord } from '../../dataset/shape';
import { MOST_CHOICES, type Question, indexOfLetter, letterOf } from './question';

export type Row = Readonly<Record<string, unknown>>;

/** The question, or what is wrong with the row. */
export type Parsed = { readonly question: Question } | { readonly problem: string };

const QUESTION_KEYS = ['question', 'prompt', 'input', 'query'];
const CHOICES_KEYS = ['choices', 'options'];
const ANSWER_KEYS = ['answer', 'answerKey', 'answer_key', 'correct_answer', 'label', 'target', 'gold'];
const TEXT_ANSWER_KEYS = ['answer', 'answers', 'reference', 'references', 'output', 'completion', 'target'];

/**
 * `question`; `choices` (a list, or texts by letter, or `{text, label}` as ARC has it) or the keys `A`, `B`, …; `answer` as
 * the text of a choice, its letter, or its index from 0.
 */
export function choiceQuestion(row: Row): Parsed {
  const text = textOf(row, QUESTION_KEYS);
  if (text === undefined) return { problem: 'there is no "question"' };
  const listed = choicesOf(row);
  if (!listed) return { problem: 'there are no "choices"' };
  const { choices, labels } = listed;
  if (choices.length < 2 || choices.length > MOST_CHOICES)
    return { problem: `there are ${choices.length} choices; from 2 to ${MOST_CHOICES} are possible` };
  const key = ANSWER_KEYS.find((name) => row[name] !== undefined && row[name] !== null);
  if (key === undefined) return { problem: 'there is no "answer"' };
  const answer = indexOfAnswer(row[key], choices, labels);
  if (answer === undefined)
    return {
      problem: `the answer ${JSON.stringify(plainNumber(row[key]))} is none of the ${choices.length} choices, no letter from A to ${letterOf(choices.length - 1)} and no index from 0 to ${choices.length - 1}`,
    };
  return { question: { text, choices, answer } };
}

/** `question`, with an optional `context` before it; `answer`, or several in `answers` (also `{text}` as SQuAD has it). */
export function textQuestion(row: Row): Parsed {
  const asked = textOf(row, QUESTION_KEYS);
  if (asked === undefined) return { problem: 'there is no "question"' };
  const context = row['context'];
  if (context !== undefined && typeof context !== 'string') return { problem: '"context" is no text' };
  const key = TEXT_ANSWER_KEYS.find((name) => row[name] !== undefined && row[name] !== null);
  if (key === undefined) return { problem: 'there is no "answer"' };
  const value = asRecord(row[key])?.['text'] ?? row[key];
  const answers = (Array.isArray(value) ? value : [value]).map((one: unknown) =>
    typeof one === 'number' ? String(one) : one,
  );
  if (answers.length === 0 || !answers.every((one) => typeof one === 'string'))
    return { problem: `"${key}" is no text and no list of texts` };
  return { question: { text: context ? `${context}\n\n${asked}` : asked, choices: [], answer: answers } };
}

function textOf(row: Row, keys: readonly string[]): string | undefined {
  const value = keys.map((key) => row[key]).find((one) => typeof one === 'string' && one.trim() !== '');
  return typeof value === 'string' ? value : undefined;
}

interface Choices {
  readonly choices: readonly string[];
  /** What the file itself calls them. */
  readonly labels: readonly string[];
}

function choicesOf(row: Row): Choices | undefined {
  const value = CHOICES_KEYS.map((key) => row[key]).find((one) => one !== undefined && one !== null);
  if (Array.isArray(value)) return withLabels(value);
  const record = asRecord(value);
  if (!record) return byLetter(row);
  const { text, label } = record;
  return Array.isArray(text) ? withLabels(text, Array.isArray(label) ? label.map(String) : []) : byLetter(record);
}

function withLabels(values: readonly unknown[], labels: readonly string[] = []): Choices | undefined {
  const choices = values.map((one) => (typeof one === 'number' ? String(one) : one));
  return choices.every((one) => typeof one === 'string') ? { choices, labels } : undefined;
}

function byLetter(row: Row): Choices | undefined {
  const values: unknown[] = [];
  for (let i = 0; i < MOST_CHOICES; i++) {
    const value = row[letterOf(i)] ?? row[letterOf(i).toLowerCase()];
    if (value === undefined || value === null) break;
    values.push(value);
  }
  return values.length > 0 ? withLabels(values) : undefined;
}

function indexOfAnswer(given: unknown, choices: readonly string[], labels: readonly string[]): number | undefined {
  const answer = plainNumber(given);
  if (typeof answer === 'number') return Number.isInteger(answer) && answer in choices ? answer : undefined;
  if (typeof answer !== 'string') return undefined;
  const letter = indexOfLetter(answer.trim().toUpperCase());
  const found = [labels.indexOf(answer), choices.indexOf(answer), choices.indexOf(answer.trim()), letter];
  return found.find((index) => index >= 0 && index < choices.length);
}

/** Parquet holds integers of 64 bits. */
function plainNumber(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
