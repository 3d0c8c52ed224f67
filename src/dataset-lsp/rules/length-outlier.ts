import { countText } from '../../common/count-text';
import { defineRule } from './rule';

const LEAST_RECORDS = 20;
const SAMPLE = 20_000;
const SHOWN = 20;

export const lengthOutlier = defineRule({
  meta: {
    id: 'length-outlier',
    title: 'Answer is far longer than the others',
    why: 'One very long answer weighs as much as many ordinary ones, since every token counts, and it is often a dump, a log or two records that ran together.',
    whatToDo: 'Look at the answer. Shorten it or remove the record if it does not belong here.',
    defaultSeverity: 'information',
    options: {
      times: {
        type: 'number',
        default: 20,
        minimum: 2,
        description: 'How many times the median length of the answers is far longer.',
      },
      characters: {
        type: 'number',
        default: 2000,
        minimum: 0,
        description: 'Answers of up to that many characters are never reported.',
      },
    },
    examples: {
      valid: [
        {
          text: Array.from(
            { length: 21 },
            (_, i) => `{"text": "Note ${i}: ${'all is well on the upper deck, '.repeat(i === 20 ? 60 : 1)}${i}."}\n`,
          ).join(''),
        },
      ],
      invalid: [
        {
          text: Array.from(
            { length: 21 },
            (_, i) =>
              `{"text": "Note ${i}: ${Array.from({ length: i === 20 ? 300 : 3 }, (_unused, k) => `word${k * (i + 1)}`).join(' ')}."}\n`,
          ).join(''),
          lines: [21],
        },
      ],
    },
  },
  check: {
    *dataset({ table }, report, { times, characters }) {
      if (table.length < LEAST_RECORDS) return;
      const step = Math.max(1, Math.floor(table.length / SAMPLE));
      const sample = new Uint32Array(Math.floor((table.length - 1) / step) + 1);
      for (let i = 0; i < sample.length; i++) sample[i] = table.answerLength[i * step]!;
      const answered = sample.filter((length) => length > 0).sort();
      if (answered.length < LEAST_RECORDS) return;
      const median = answered[answered.length >> 1]!;
      const most = Math.max(characters, median * times);
      const rows: number[] = [];
      for (let row = 0; row < table.length; row++) {
        if ((row & 511) === 511) yield;
        if (table.answerLength[row]! > most) rows.push(row);
      }
      // Where there are many, long answers belong to the data.
      if (rows.length > Math.max(1, table.length / 100)) return;
      const longest = rows.toSorted((a, b) => table.answerLength[b]! - table.answerLength[a]!).slice(0, SHOWN);
      for (const row of longest) {
        const length = table.answerLength[row]!;
        report({
          line: table.lines[row]!,
          pointer: '',
          mark: 'start',
          message: `The answer has ${countText(length)} characters, ${countText(Math.floor(length / median))} times as many as the middle one of the file (${countText(median)}). Shorten it or remove the record if it does not belong here.`,
        });
      }
    },
  },
});
