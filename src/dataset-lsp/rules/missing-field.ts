import { roleMeantBy } from '../../dataset/aliases';
import { fits, pointerTo, type ShapeProblem } from '../../dataset/shape';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

export const missingField = defineRule({
  meta: {
    id: 'missing-field',
    title: 'Required field is missing',
    why: 'The format needs the field: without it there is no prompt or no answer to learn from.',
    whatToDo: 'Add the field, or correct the spelling of its name.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'both',
    examples: {
      valid: [
        { text: '{"instruction": "Name a colour.", "output": "Green."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": "Weather?"}, {"role": "assistant", "tool_calls": [{"function": {"name": "weather", "arguments": "{}"}}]}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"instruction": "Name a colour.", "output": "Green."}\n{"instruction": "Name a fruit."}\n',
          lines: [2],
        },
        { text: '{"messages": [{"role": "user"}, {"content": "An answer."}]}\n', lines: [1, 1] },
      ],
    },
  },
  check: {
    record({ problems, foreign, source }, report) {
      if (foreign) return;
      for (const problem of problems)
        if (problem.kind === 'missing')
          report({
            message: problem.message,
            pointer: problem.pointer,
            mark: 'start',
            fixes: () => fixesFor(source, problem),
          });
    },
  },
});

/** Renames the key that is meant; without one, adds the key for a person to fill in. */
function fixesFor(
  source: string,
  { pointer, key, shape, near }: Extract<ShapeProblem, { kind: 'missing' }>,
): readonly Fix[] {
  const editor = new RecordEditor(source);
  if (near !== undefined) {
    const old = pointerTo(pointer, near);
    const value: unknown = JSON.parse(editor.sourceAt(old) ?? 'null');
    const rename = editor.rename(old, key);
    if (fits(shape, value)) return editFix(`Rename "${near}" to "${key}"`, true, rename);
    const role = shape.kind === 'role' && typeof value === 'string' ? roleMeantBy(value, shape.values) : undefined;
    if (!role || rename.length === 0) return [];
    const title = `Rename "${near}" to "${key}" and "${String(value)}" to "${role.role}"`;
    return editFix(title, role.certain, [...rename, ...editor.replace(old, role.role)]);
  }
  const values: readonly unknown[] =
    shape.kind === 'role'
      ? shape.values.filter((role) => ['user', 'assistant', 'human', 'gpt'].includes(role))
      : shape.kind === 'choice'
        ? shape.values
        : fits(shape, '')
          ? ['']
          : [];
  return values.slice(0, 4).flatMap((value) => {
    const title = value === '' ? `Add an empty "${key}"` : `Add "${key}": ${JSON.stringify(value)}`;
    return editFix(title, false, editor.add(pointer, key, value));
  });
}
