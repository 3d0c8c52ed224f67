import { firstOfEqual } from '../../dataset/equal-rows';
import { asSet, jaccard } from '../../dataset/minhash';
import { readWords, WordList } from '../../dataset/words';
import { defineRule, type DatasetContext, type Report } from './rule';

export const conflictingAnswers = defineRule({
  meta: {
    id: 'conflicting-answers',
    title: 'The same prompt has different answers',
    why: 'Of two short answers to one question usually one is wrong. The model learns a mixture, and whatever it says is counted as wrong once.',
    whatToDo:
      'Decide on one answer, or put into the prompt what makes the difference. Long answers may well differ and are left alone; switch the rule off for data with several answers on purpose.',
    defaultSeverity: 'warning',
    options: {
      longestAnswer: {
        type: 'number',
        default: 300,
        minimum: 1,
        description: 'Only answers of at most that many characters are compared.',
      },
    },
    examples: {
      valid: [
        {
          text: '{"prompt": "Is the shop open on Sundays?", "completion": "No, it is closed."}\n{"prompt": "Is the shop open on Mondays?", "completion": "Yes, from nine to six."}\n{"prompt": "is the shop open on  Sundays?", "completion": "No, it is closed!"}\n',
        },
        { text: '{"text": "One text."}\n{"text": "Another text."}\n' },
      ],
      invalid: [
        {
          text: '{"prompt": "Is the shop open on Sundays?", "completion": "No, it is closed."}\n{"prompt": "Is the shop open on Mondays?", "completion": "Yes, from nine to six."}\n{"prompt": "Is the shop open on Sundays? ", "completion": "Yes, until noon."}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    *dataset(dataset, report, { longestAnswer }) {
      const { table, format } = dataset;
      if (format.id === 'preference' || format.id === 'unpaired-preference') return;
      const firsts = table.firsts();
      const prompts = firstOfEqual(table.prompt, table.length, isShort);
      const groups = new Map<number, number[]>();
      let asked = 0;
      for (let row = 0; row < table.length; row++) {
        if ((row & 511) === 511) yield;
        if (!isShort(row)) continue;
        const first = prompts[row]!;
        if (first === row) asked++;
        if (table.answer[first] === table.answer[row]) continue;
        const group = groups.get(first);
        if (group) group.push(row);
        else groups.set(first, [row]);
      }
      if (groups.size > Math.max(20, asked / 10)) {
        reportAll(dataset, groups, asked, report);
        return;
      }
      for (const [first, rows] of groups) {
        reportOne(dataset, first, rows, report);
        yield;
      }
      function isShort(row: number): boolean {
        const length = table.answerLength[row]!;
        return table.prompt[row] !== 0 && length !== 0 && length <= longestAnswer && firsts[row] === row;
      }
    },
  },
});

const SHOWN = 20;

// Of answers that long, such as share half of their words say the same in other words.
const LONG = 8;
const SAME = 0.5;
// There is more than one way to answer a greeting.
const LEAST_WORDS = 3;

function reportOne(dataset: DatasetContext, first: number, rows: readonly number[], report: Report): void {
  const { table } = dataset;
  const { prompt, promptWords, answer } = readAgain(dataset, first);
  if (promptWords < LEAST_WORDS) return;
  // One row of each answer. The hashes leave punctuation out: what is reported has the very same prompt.
  const others = new Map<number, number>();
  for (const row of rows) {
    if (others.has(table.answer[row]!)) continue;
    const other = readAgain(dataset, row);
    const paraphrase = Math.min(answer.length, other.answer.length) >= LONG && jaccard(answer, other.answer) >= SAME;
    if (other.prompt === prompt && !paraphrase) others.set(table.answer[row]!, row);
  }
  if (others.size === 0) return;
  const lines = [...others.values()].map((row) => table.lines[row]!);
  const where =
    lines.length === 1
      ? `line ${lines[0]} has another`
      : `there are ${lines.length} others, the first in line ${lines[0]}`;
  report({
    line: table.lines[first]!,
    pointer: '',
    mark: 'start',
    message: `This prompt has ${lines.length + 1} different answers: ${where}. Keep the right one, or say in the prompt what makes the difference.`,
    related: lines
      .slice(0, SHOWN)
      .map((line) => ({ line, pointer: '', message: 'The same prompt with another answer.' })),
  });
}

/** Many prompts with several answers are no accident: said once. */
function reportAll(
  { table }: DatasetContext,
  groups: ReadonlyMap<number, readonly number[]>,
  asked: number,
  report: Report,
): void {
  const [first, rows] = groups.entries().next().value!;
  report({
    line: table.lines[first]!,
    pointer: '',
    mark: 'start',
    message: `${groups.size} of the ${asked} prompts with short answers have several different ones, this one for example. If that is meant, switch this rule off for the file; otherwise keep one answer for each prompt.`,
    related: rows
      .slice(0, SHOWN)
      .map((row) => ({ line: table.lines[row]!, pointer: '', message: 'The same prompt with another answer.' })),
  });
}

interface Pair {
  /** Without regard to case and white space. */
  readonly prompt: string;
  /** Words of the prompt without system messages. */
  readonly promptWords: number;
  /** Set of the words of the last answer. */
  readonly answer: Uint32Array;
}

function readAgain({ format, recordOf }: DatasetContext, row: number): Pair {
  const turns = format.turns(recordOf(row) ?? {});
  const last = turns.findLastIndex((turn) => turn.role === 'assistant' && turn.side !== 'prompt');
  const asked = turns.slice(0, Math.max(0, last));
  const words = new WordList();
  for (const { role, text } of asked) if (role !== 'system' && role !== 'developer') readWords(text, words);
  const promptWords = words.length;
  words.clear();
  readWords(turns[last]?.text ?? '', words);
  return {
    prompt: asked.map(({ role, text }) => `${role} ${text.toLowerCase().split(/\s+/).join(' ').trim()}`).join('\n'),
    promptWords,
    answer: asSet(words.hashes.slice(0, words.length)),
  };
}
