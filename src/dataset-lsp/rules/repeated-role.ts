import type { Turn } from '../../dataset/formats';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

export const repeatedRole = defineRule({
  meta: {
    id: 'repeated-role',
    title: 'Same role speaks twice in a row',
    why: 'Chat models are trained on turns that take each other in order. Several chat templates refuse two turns of one role, others write them in a way that the model does not know.',
    whatToDo: 'Merge the messages into one, or add what was said between them.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!"}]}\n',
        },
        {
          text: '{"messages": [{"role": "user", "content": "Weather in Bonn and Ulm?"}, {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "weather", "arguments": "{}"}}, {"id": "b", "function": {"name": "weather", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "a", "content": "Sun"}, {"role": "tool", "tool_call_id": "b", "content": "Rain"}, {"role": "assistant", "content": "Sun in Bonn, rain in Ulm."}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "user", "content": "How are you?"}, {"role": "assistant", "content": "Good morning! I am well."}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ turns, source }, report) {
      for (let i = 1; i < turns.length; i++) {
        if (!continues(turns[i - 1]!, turns[i]!)) continue;
        const first = i - 1;
        while (i + 1 < turns.length && continues(turns[i]!, turns[i + 1]!)) i++;
        const run = turns.slice(first, i + 1);
        report({
          pointer: run[1]!.rolePointer,
          message: `${run.length === 2 ? 'Two' : run.length} messages of the role "${run[0]!.role}" follow each other. Merge them, or add what was said between them.`,
          fixes: () => merge(source, run),
        });
      }
    },
  },
});

function continues(before: Turn, after: Turn): boolean {
  return (
    before.role === after.role &&
    before.role !== 'tool' &&
    before.role !== 'function' &&
    before.side === after.side &&
    !before.callsTools &&
    before.message !== undefined &&
    after.message !== undefined &&
    // In a conversation of several people each has a name.
    before.message['name'] === after.message['name']
  );
}

const MERGED = new Set(['role', 'from', 'content', 'value', 'name', 'weight']);

/** Abstains where the messages hold more than one text each, are not trained alike, or stand in two lists. */
function merge(source: string, run: readonly Turn[]): readonly Fix[] {
  const [first, ...rest] = run;
  const plain = ({ texts, callsTools, message, pointer }: Turn): boolean =>
    !callsTools &&
    texts.length === 1 &&
    texts[0]!.pointer.slice(pointer.length + 1).indexOf('/') < 0 &&
    Object.keys(message!).every((key) => MERGED.has(key));
  const list = ({ pointer }: Turn): string => pointer.slice(0, pointer.lastIndexOf('/'));
  if (!run.every((turn) => plain(turn) && turn.trained === first!.trained && list(turn) === list(first!))) return [];
  const editor = new RecordEditor(source);
  const text = run.map((turn) => turn.text).join('\n\n');
  return editFix(`Merge the ${run.length} messages`, false, [
    ...editor.replace(first!.texts[0]!.pointer, text),
    ...editor.removeItems(rest.map((turn) => turn.pointer)),
  ]);
}
