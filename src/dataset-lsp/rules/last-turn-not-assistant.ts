import type { Turn } from '../../dataset/formats';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

export const lastTurnNotAssistant = defineRule({
  meta: {
    id: 'last-turn-not-assistant',
    title: 'Conversation does not end with the assistant',
    why: 'Only what the assistant says is trained, so messages after its last answer cost tokens and teach nothing. Often the answer to them is missing.',
    whatToDo: 'Add the answer, or remove the messages after the last one.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}, {"role": "user", "content": "How are you?"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ turns, source, format }, report) {
      const last = turns.at(-1);
      if (!last?.message || last.role === 'assistant' || format.id === 'preference') return;
      const answer = turns.findLastIndex((turn) => turn.role === 'assistant');
      if (answer < 0) return;
      report({
        pointer: last.rolePointer,
        message: `The last message is of the role "${last.role}", so nothing is learned from ${turns.length - answer - 1 === 1 ? 'it' : `the last ${turns.length - answer - 1} messages`}. Add the answer, or end with the assistant's message before.`,
        fixes: () => removeTail(source, turns.slice(answer + 1)),
      });
    },
  },
});

function removeTail(source: string, tail: readonly Turn[]): readonly Fix[] {
  const pointers = tail.map((turn) => turn.pointer);
  const title = tail.length === 1 ? 'Remove the last message' : `Remove the last ${tail.length} messages`;
  return editFix(title, false, new RecordEditor(source).removeItems(pointers));
}
