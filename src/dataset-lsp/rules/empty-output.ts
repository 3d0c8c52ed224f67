import type { Answer, Turn } from '../../dataset/formats';
import { editFix, RecordEditor, removeRecord, type Fix } from '../fixes';
import { defineRule } from './rule';

export const emptyOutput = defineRule({
  meta: {
    id: 'empty-output',
    title: 'Answer is empty',
    why: 'The model would learn to end its turn without saying anything.',
    whatToDo:
      'Write the answer, or remove the record; for an assistant message that only opens a dialogue set "weight" to 0.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        { text: '{"instruction": "Name a colour.", "output": "Green."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "", "weight": 0}, {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Name a colour.", "output": "  "}\n', lines: [1] },
        { text: '{"text": ""}\n{"text": "Some text."}\n', lines: [1] },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": ""}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ answers, turns, source, line }, report) {
      for (const answer of answers)
        // The two sides of a preference have a rule of their own.
        if (answer.trained && answer.side === 'answer' && !answer.callsTools && answer.text.trim() === '')
          report({
            pointer: answer.pointer,
            message: 'The answer is empty. Write it, or remove the record.',
            fixes: () => [...dropMessage(source, answer, answers, turns), removeRecord(line)],
          });
    },
  },
});

/** Where other answers stay, the empty one can go. */
function dropMessage(
  source: string,
  answer: Answer,
  answers: readonly Answer[],
  turns: readonly Turn[],
): readonly Fix[] {
  const stays = answers.some((other) => other.side === answer.side && other.trained && other.text.trim() !== '');
  const turn = turns.find((one) => answer.pointer.startsWith(`${one.pointer}/`));
  if (!stays || !turn?.message) return [];
  return editFix('Remove this message', false, new RecordEditor(source).removeItems([turn.pointer]));
}
