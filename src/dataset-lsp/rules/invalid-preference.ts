import type { Conversation, PlainText } from '../../dataset/conversation';
import type { Turn } from '../../dataset/formats';
import { toPair } from '../../dataset/formats/preference';
import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const invalidPreference = defineRule({
  meta: {
    id: 'invalid-preference',
    title: 'Preference has no two answers to compare',
    why: 'Preference training raises one answer over another to the same prompt. Without two different answers there is nothing to prefer.',
    whatToDo: 'Write both answers as turns of the assistant after one prompt, or remove the record.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        { text: '{"prompt": "Name a colour.", "chosen": "Green, for example.", "rejected": "No idea, sorry."}\n' },
        {
          text: '{"chosen": [{"role": "user", "content": "Name a colour."}, {"role": "assistant", "content": "Green."}], "rejected": [{"role": "user", "content": "Name a colour."}, {"role": "assistant", "content": "Paris."}]}\n',
        },
        {
          text: '{"conversations": [{"from": "human", "value": "Name a colour."}], "chosen": {"from": "gpt", "value": "Green."}, "rejected": {"from": "gpt", "value": "Paris."}}\n',
        },
        {
          text: '{"input": {"messages": [{"role": "user", "content": "Name a colour."}]}, "preferred_output": [{"role": "assistant", "content": "Green."}], "non_preferred_output": [{"role": "assistant", "content": "Paris."}]}\n',
        },
      ],
      invalid: [
        { text: '{"prompt": "Name a colour.", "chosen": "Green.", "rejected": "Green."}\n', lines: [1] },
        { text: '{"prompt": "Name a colour.", "chosen": "Green.", "rejected": " "}\n', lines: [1] },
        {
          text: '{"prompt": [{"role": "user", "content": "Name a colour."}], "chosen": [{"role": "user", "content": "Green."}], "rejected": [{"role": "assistant", "content": "Paris."}]}\n',
          lines: [1],
        },
        {
          text: '{"chosen": [{"role": "user", "content": "Name a colour."}], "rejected": [{"role": "user", "content": "Name a colour."}, {"role": "assistant", "content": "Paris."}]}\n',
          lines: [1],
        },
        {
          text: '{"chosen": [{"role": "assistant", "content": "Green."}], "rejected": [{"role": "assistant", "content": "Paris."}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    example({ format, value, turns, line }, report) {
      if (format.id !== 'preference') return;
      const fixes = () => [removeRecord(line)];
      const chosen = turns.filter(({ side }) => side === 'chosen');
      const rejected = turns.filter(({ side }) => side === 'rejected');
      let broken = false;
      for (const [side, own] of [
        ['chosen', chosen],
        ['rejected', rejected],
      ] as const) {
        const found = problemOf(side, own);
        if (!found) continue;
        broken = true;
        report({
          fixes,
          pointer: found.pointer ?? `/${sideKey(value, side)}`,
          mark: found.mark,
          message: found.message,
        });
      }
      if (broken) return;
      const pair = toPair(value);
      if (pair.kind === 'conversation' && !pair.prompt.some(({ role }) => role !== 'system' && role !== 'developer'))
        report({
          fixes,
          pointer: '',
          mark: 'start',
          message: 'The record has no prompt, and its two answers share no first message. Add "prompt".',
        });
      if (meaning(pair.chosen) === meaning(pair.rejected))
        report({
          fixes,
          pointer: rejected[0]!.pointer,
          mark: 'start',
          message: 'The two answers are the same, so none can be preferred. Write a worse one, or remove the record.',
        });
    },
  },
});

interface SideProblem {
  /** Absent: the whole side. */
  readonly pointer?: string;
  readonly mark: 'start' | 'key';
  readonly message: string;
}

function problemOf(side: string, turns: readonly Turn[]): SideProblem | undefined {
  const last = turns.at(-1);
  if (!last) return { mark: 'key', message: `The ${side} answer is missing. Add it after the prompt.` };
  if (last.role !== 'assistant')
    return {
      pointer: last.rolePointer,
      mark: 'start',
      message: `The ${side} side ends with a turn of the role "${last.role}". Let it end with the assistant's answer.`,
    };
  const empty = turns.find(({ role, text, callsTools }) => role === 'assistant' && !callsTools && text.trim() === '');
  if (!empty) return undefined;
  return {
    pointer: empty.texts[0]?.pointer ?? empty.pointer,
    mark: 'start',
    message: `The ${side} answer is empty. Write it, or remove the record.`,
  };
}

/** What the model would read at one end. */
function meaning(end: Conversation | PlainText): string {
  return JSON.stringify(end.kind === 'plain' ? end.trained : end.messages);
}

function sideKey(record: Readonly<Record<string, unknown>>, side: 'chosen' | 'rejected'): string {
  const keys =
    side === 'chosen'
      ? ['chosen', 'preferred_output', 'chosen_messages']
      : ['rejected', 'non_preferred_output', 'rejected_messages'];
  return keys.find((key) => key in record) ?? keys[0]!;
}
