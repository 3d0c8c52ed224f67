import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

export const invalidWeight = defineRule({
  meta: {
    id: 'invalid-weight',
    title: 'Weight of a message is neither 0 nor 1',
    why: 'A message is either trained (1) or only read (0). There is nothing between, so another weight would not do what it says.',
    whatToDo: 'Write 0 or 1, or leave the weight out: then answers are trained.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'both',
    examples: {
      valid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "What?", "weight": 0}, {"role": "user", "content": "I said good morning."}, {"role": "assistant", "content": "Good morning!", "weight": 1}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!", "weight": 0.5}]}\n',
          lines: [1],
        },
        {
          text: '{"messages": [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning!", "weight": "1"}]}\n',
          lines: [1],
        },
      ],
    },
  },
  check: {
    record({ problems, foreign, source }, report) {
      if (foreign) return;
      for (const problem of problems) {
        if (problem.kind !== 'weight') continue;
        const { message, pointer, value } = problem;
        report({ message, pointer, fixes: () => fixesFor(source, pointer, value) });
      }
    },
  },
});

function fixesFor(source: string, pointer: string, value: unknown): readonly Fix[] {
  const editor = new RecordEditor(source);
  const meant =
    typeof value === 'boolean' ? Number(value) : typeof value === 'string' ? Number(value.trim() || NaN) : NaN;
  if (meant === 0 || meant === 1) return editFix(`Write ${meant}`, true, editor.replace(pointer, meant));
  return [
    ...editFix('Train this message: weight 1', false, editor.replace(pointer, 1)),
    ...editFix('Only read this message: weight 0', false, editor.replace(pointer, 0)),
  ];
}
