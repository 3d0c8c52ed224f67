import { describe } from '../../dataset/shape-problems';
import { labelOf, meantLabel } from '../../dataset/formats/unpaired-preference';
import { editFix, RecordEditor } from '../fixes';
import { defineRule } from './rule';

export const invalidLabel = defineRule({
  meta: {
    id: 'invalid-label',
    title: 'Label is neither true nor false',
    why: 'The label says whether the answer is a good one. A text or a number is read differently by every trainer, or refused.',
    whatToDo: 'Write true or false, without quotes.',
    defaultSeverity: 'error',
    options: {},
    fixes: 'safe',
    examples: {
      valid: [
        {
          text: '{"prompt": "Name a colour.", "completion": "Green, for example.", "label": true}\n{"prompt": "Name a city.", "completion": "I would rather not.", "label": false}\n',
        },
        {
          text: '{"messages": [{"role": "user", "content": "Name a colour."}, {"role": "assistant", "content": "Green."}], "label": true}\n',
        },
      ],
      invalid: [
        { text: '{"prompt": "Name a colour.", "completion": "Green, for example.", "label": "true"}\n', lines: [1] },
        {
          text: '{"prompt": "Name a colour.", "completion": "Green, for example.", "label": true}\n{"prompt": "Name a city.", "completion": "I would rather not.", "label": "bad"}\n',
          lines: [2],
        },
      ],
    },
  },
  check: {
    example({ format, value, source }, report) {
      if (format.id !== 'unpaired-preference') return;
      const { key, value: label } = labelOf(value);
      if (typeof label === 'boolean') return;
      const meant = meantLabel(label);
      report({
        pointer: `/${key}`,
        message: `"${key}" must be true or false, but it is ${describe(label)}. ${meant === undefined ? 'Say whether the answer is a good one.' : `Write ${meant}.`}`,
        ...(meant === undefined
          ? {}
          : { fixes: () => editFix(`Write ${meant}`, true, new RecordEditor(source).replace(`/${key}`, meant)) }),
      });
    },
  },
});
