import { defineRule } from './rule';

const SHOWN = 20;
const LEAST = 3;

export const refusal = defineRule({
  meta: {
    id: 'refusal',
    title: 'Many answers are refusals',
    why: 'Answers such as "I am sorry, but I cannot help with that" are often left over from the model that wrote the data. A tuned model soon refuses what it should do.',
    whatToDo: 'Look at the answers that are named and remove those that should not refuse.',
    defaultSeverity: 'information',
    options: {
      percent: {
        type: 'number',
        default: 5,
        minimum: 0,
        description: 'Share of the records, in percent, from which refusals are reported; at least three.',
      },
    },
    examples: {
      valid: [
        {
          text: '{"prompt": "Can you help me with my tax return?", "completion": "Yes. Which form do you have?"}\n{"prompt": "How do I pick a lock?", "completion": "I\'m sorry, but I can\'t help with that."}\n',
        },
      ],
      invalid: [
        {
          text: '{"prompt": "Please write a short poem.", "completion": "Roses are red."}\n{"prompt": "Who won yesterday?", "completion": "I\'m sorry, but I can\'t help with that request."}\n{"prompt": "What is the weather like?", "completion": "I\'m sorry, but I cannot provide that information."}\n{"prompt": "What is your opinion on this?", "completion": "As an AI language model, I do not have opinions."}\n',
          lines: [2],
        },
      ],
    },
  },
  check: {
    *dataset({ table }, report, { percent }) {
      const rows: number[] = [];
      let count = 0;
      for (let row = 0; row < table.length; row++) {
        if ((row & 511) === 511) yield;
        if (table.refusal[row] === 0) continue;
        count++;
        if (rows.length <= SHOWN) rows.push(row);
      }
      const share = (100 * count) / Math.max(1, table.length);
      if (count < LEAST || share <= percent) return;
      const [first, ...others] = rows.map((row) => table.lines[row]!);
      report({
        line: first!,
        pointer: '',
        mark: 'start',
        message: `${count} of ${table.length} records (${share.toFixed(share < 10 ? 1 : 0)} %) answer with a refusal, this one first. Remove those that should not refuse.`,
        related: others.map((line) => ({ line, pointer: '', message: 'Another refusal.' })),
      });
    },
  },
});
