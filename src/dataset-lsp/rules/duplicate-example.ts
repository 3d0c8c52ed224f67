import { removeRecord } from '../fixes';
import { defineRule } from './rule';

export const duplicateExample = defineRule({
  meta: {
    id: 'duplicate-example',
    title: 'Record occurs twice',
    why: 'A record that is there several times is learned several times as hard, and one that comes to lie on both sides of a split makes the evaluation look better than the model is.',
    whatToDo: 'Remove the copies. To weigh a record on purpose, repeat it on purpose and switch this rule off.',
    defaultSeverity: 'warning',
    options: {},
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"prompt": "Capital of France?", "completion": "Paris, of course."}\n{"prompt": "Capital of Spain?", "completion": "Madrid, of course."}\n',
        },
        {
          text: '{"messages": [{"role": "user", "content": "What can you see here?"}, {"role": "assistant", "content": "A picture."}], "tools": [{"type": "function", "function": {"name": "look"}}]}\n{"messages": [{"role": "user", "content": "What can you see here?"}, {"role": "assistant", "content": "A picture."}]}\n',
        },
      ],
      invalid: [
        {
          text: '{"prompt": "Capital of France?", "completion": "Paris, of course."}\n{"completion": "Paris, of course. ", "prompt": "Capital of France?", "source": "mail"}\n{"prompt": "Capital of France?", "completion": "Paris, of course."}\n',
          lines: [2, 3],
        },
      ],
    },
  },
  check: {
    *dataset({ table }, report) {
      const firsts = table.firsts();
      for (let row = 0; row < firsts.length; row++) {
        if ((row & 511) === 511) yield;
        const first = firsts[row]!;
        if (first === row) continue;
        const line = table.lines[row]!;
        const firstLine = table.lines[first]!;
        report({
          line,
          pointer: '',
          mark: 'start',
          message: `This record is the same as the one in line ${firstLine}. Remove one of the two.`,
          related: [{ line: firstLine, pointer: '', message: 'The first record of this content.' }],
          fixes: () => {
            const copies: number[] = [];
            for (let other = first + 1; other < firsts.length; other++)
              if (firsts[other] === first) copies.push(table.lines[other]!);
            const all = { title: `Remove all ${copies.length} copies but the first`, safe: false, removeLines: copies };
            return copies.length > 1 ? [removeRecord(line), all] : [removeRecord(line)];
          },
        });
      }
    },
  },
});
