import type { Turn } from '../../dataset/formats';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

const isSystem = ({ role }: Turn): boolean => role === 'system' || role === 'developer';

export const systemNotFirst = defineRule({
  meta: {
    id: 'system-not-first',
    title: 'System message is not the first one',
    why: 'Chat templates look for the system message at the beginning. Many refuse one that comes later, leave it out, or write it in a way that the model has never seen.',
    whatToDo: 'Move it in front of the dialogue, or say it in a user message.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "system", "content": "Be kind."}, {"role": "assistant", "content": "Good morning!"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ turns, source }, report) {
      let inside = false;
      for (const turn of turns) {
        if (!isSystem(turn)) inside = true;
        else if (inside && turn.message)
          report({
            pointer: turn.rolePointer,
            message: `This ${turn.role} message comes after the dialogue has begun. Move it to the beginning.`,
            fixes: () => moveToFront(source, turn, turns),
          });
      }
    },
  },
});

function moveToFront(source: string, turn: Turn, turns: readonly Turn[]): readonly Fix[] {
  const messages = turns.filter((other) => other.message !== undefined);
  const list = listOf(messages[0]!);
  // In the list of the completion it would still come after the prompt.
  if (listOf(turn) !== list) return [];
  const first = messages.filter((other) => listOf(other) === list).findIndex((other) => !isSystem(other));
  return first < 0
    ? []
    : editFix('Move it to the beginning', false, new RecordEditor(source).moveBefore(turn.pointer, first));
}

function listOf({ pointer }: Turn): string {
  return pointer.slice(0, pointer.lastIndexOf('/'));
}
