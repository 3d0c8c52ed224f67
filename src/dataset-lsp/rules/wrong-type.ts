import { asRecord, fits, type Shape } from '../../dataset/shape';
import { parsedText } from '../../dataset/tools';
import { editFix, RecordEditor, type Fix } from '../fixes';
import { defineRule } from './rule';

export const wrongType = defineRule({
  meta: {
    id: 'wrong-type',
    title: 'Field has the wrong type',
    why: 'A number, a list or null where a text is expected would be trained as something that was not meant.',
    whatToDo: 'Write the value in the type that the message names.',
    defaultSeverity: 'error',
    locked: true,
    options: {},
    fixes: 'both',
    examples: {
      valid: [
        { text: '{"instruction": "Add 2 and 2.", "input": null, "output": "It is 4."}\n' },
        {
          text: '{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello there"}]}, {"role": "assistant", "content": "Hello!", "weight": 1}]}\n',
        },
      ],
      invalid: [
        { text: '{"instruction": "Add 2 and 2.", "output": 4}\n', lines: [1] },
        { text: '{"messages": "Hello"}\n', lines: [1] },
        {
          text: '{"messages": [{"role": "user", "content": null}, {"role": "assistant", "content": true}]}\n',
          lines: [1, 1],
        },
      ],
    },
  },
  check: {
    record({ problems, foreign, source }, report) {
      if (foreign) return;
      for (const problem of problems) {
        if (problem.kind !== 'type') continue;
        const { message, pointer, shape, value } = problem;
        report({ message, pointer, fixes: () => fixesFor(source, pointer, shape, value) });
      }
    },
  },
});

function fixesFor(source: string, pointer: string, shape: Shape, value: unknown): readonly Fix[] {
  const editor = new RecordEditor(source);
  const written = editor.sourceAt(pointer);
  if (written === undefined) return [];
  if (typeof value === 'string') {
    // A list or an object that somebody has written as JSON in a text.
    const inner = parsedText(value);
    return inner.ok && fits(shape, inner.value)
      ? editFix('Write the JSON in the text as a value', true, editor.replaceSource(pointer, value.trim()))
      : [];
  }
  const text = fits(shape, '');
  // As it is written: 1.50 stays 1.50.
  if (typeof value === 'number' || typeof value === 'boolean')
    return text ? editFix('Write it as a text', typeof value === 'number', editor.replace(pointer, written)) : [];
  const fixes: Fix[] = [];
  if (asRecord(value) && fits(shape, [value]))
    fixes.push(...editFix('Put it into a list', false, editor.replaceSource(pointer, `[${written}]`)));
  if (!text || typeof value !== 'object' || value === null) return fixes;
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
    fixes.push(...editFix('Join the texts of the list', false, editor.replace(pointer, value.join('\n'))));
  fixes.push(...editFix('Write it as JSON in a text', false, editor.replace(pointer, written)));
  return fixes;
}
