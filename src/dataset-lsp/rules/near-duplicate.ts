import { redundantRows, findNearDuplicates } from '../../dataset/near-duplicates';
import { wordsOf } from '../../dataset/fingerprint';
import { removeRecord, type Fix } from '../fixes';
import { defineRule } from './rule';

export const nearDuplicate = defineRule({
  meta: {
    id: 'near-duplicate',
    title: 'Record is nearly the same as another',
    why: 'Records that differ in a few words teach hardly anything new, are learned several times as hard, and leak from one side of a split to the other.',
    whatToDo:
      'Keep one record of each group, best the one with the fullest answer; "fine-tune dedupe --near" does that for a file, and "fine-tune split" keeps such records on one side.',
    defaultSeverity: 'warning',
    options: {
      similarity: {
        type: 'number',
        default: 0.7,
        minimum: 0.5,
        description:
          'Share of five-word runs that two records have in common from which they count as nearly the same. System messages and what a tenth of all prompts share are left out.',
      },
    },
    fixes: 'suggestion',
    examples: {
      valid: [
        {
          text: '{"prompt": "What is the capital of France?", "completion": "The capital of France is Paris."}\n{"prompt": "What is the capital of Spain?", "completion": "The capital of Spain is Madrid."}\n',
        },
      ],
      invalid: [
        {
          text: '{"prompt": "Describe how a letter gets from the sender to the recipient.", "completion": "The sender drops it into a box, a van brings it to the sorting office, machines read the address, and a postwoman brings it to the door of the recipient on the next morning."}\n{"prompt": "Describe how a letter gets from the sender to the recipient!", "completion": "The sender drops it into a box, a van brings it to the sorting office, machines read the address, and a postman brings it to the door of the recipient on the next morning."}\n',
          lines: [2],
        },
      ],
    },
  },
  check: {
    *dataset({ table, format, recordOf }, report, { similarity: threshold }) {
      const near = yield* findNearDuplicates({
        signatures: table.signatures,
        firsts: table.firsts(),
        threshold,
        wordsOf: (row) => {
          const record = recordOf(row);
          return record && wordsOf(format.turns(record), record);
        },
      });
      for (const group of near.groups) {
        const lines = (): number[] =>
          redundantRows(near, group, threshold, table.answerLength)
            .map(({ redundant }) => lineOf(redundant))
            .sort((a, b) => a - b);
        for (const [i, row] of group.slice(1).entries()) {
          if ((i & 255) === 255) yield;
          const { row: other, similarity } = near.neighbours.get(row)!;
          const line = lineOf(row);
          const percent = Math.min(99, Math.floor(similarity * 100));
          const more = group.length > 2 ? ` ${group.length} records of this file are alike.` : '';
          report({
            line,
            pointer: '',
            mark: 'start',
            message:
              (similarity === 1
                ? `This record has the same words as the one in line ${lineOf(other)}.`
                : `This record shares ${percent} % of its five-word runs with the one in line ${lineOf(other)}.`) +
              `${more} Keep one of them.`,
            related: [{ line: lineOf(other), pointer: '', message: 'The most similar record.' }],
            fixes: (): Fix[] => {
              const redundant = lines();
              const title = `Remove the ${redundant.length} that are like the one with the longest answer`;
              return redundant.length > 1
                ? [removeRecord(line), { title, safe: false, removeLines: redundant }]
                : [removeRecord(line)];
            },
          });
        }
        yield;
      }
      function lineOf(row: number): number {
        return table.lines[row]!;
      }
    },
  },
});
