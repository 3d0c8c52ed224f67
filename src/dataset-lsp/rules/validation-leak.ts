import { KeyIndex } from '../../dataset/equal-rows';
import type { FactTable } from '../facts';
import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const validationLeak = defineRule({
  meta: {
    id: 'validation-leak',
    title: 'Record is also in the validation file',
    why: 'The model is then measured on what it has learned by heart: the validation loss looks better than the model is, and over-fitting is seen too late.',
    whatToDo: 'Remove the record from one of the two files. "fine-tune split" makes two files that share nothing.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"prompt": "Capital of France?", "completion": "Paris, of course."}\n',
          validation: '{"prompt": "Capital of Spain?", "completion": "Madrid, of course."}\n',
        },
      ],
      invalid: [
        {
          text: '{"prompt": "Capital of Spain?", "completion": "Madrid, of course."}\n{"prompt": "Capital of France?", "completion": "Paris, of course."}\n',
          validation: '{"prompt": "capital of France?", "completion": "Paris, of course."}\n',
          lines: [2],
        },
      ],
    },
  },
  check: {
    *dataset({ table, validation }, report) {
      if (!validation) return;
      const known = pairs(validation.table);
      const index = new KeyIndex(known, known.length);
      for (let row = 0; row < known.length; row++) {
        index.add(row);
        if ((row & 511) === 511) yield;
      }
      const own = pairs(table);
      for (let row = 0; row < own.length; row++) {
        if ((row & 511) === 511) yield;
        const found = index.find(own[row]!);
        if (found === undefined) continue;
        const line = table.lines[row]!;
        const other = validation.table.lines[found]!;
        const same = validation.table.content[found] === table.content[row];
        report({
          line,
          pointer: '',
          mark: 'start',
          message: `${same ? 'This record' : 'This prompt with this answer'} is also in ${validation.name}, line ${other}. Remove it from one of the two files.`,
          related: [{ file: validation.name, line: other, pointer: '', message: 'The same in the validation file.' }],
          fixes: () => [removeRecord(line)],
        });
      }
    },
  },
});

/** One key of 53 bits for prompt and answer of each row; the content where one of them is missing. */
function pairs({ length, content, prompt, answer }: FactTable): Float64Array {
  const keys = new Float64Array(length);
  for (let row = 0; row < length; row++)
    keys[row] =
      prompt[row] === 0 || answer[row] === 0 ? content[row]! : prompt[row]! * 0x200000 + (answer[row]! >>> 11);
  return keys;
}
