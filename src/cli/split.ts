/** `fine-tune split FILE` */
import { join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { UnionFind } from '../dataset/near-duplicates';
import { PARTS, splitRows } from '../dataset/split';
import type { Arguments, Command } from './command';
import { countText } from './format';
import { LineFiles } from './line-files';
import { numberFlag } from './number-flag';
import { withRecordFile, type RecordFile } from './record-file';

const SIMILARITY = 0.7;

export const splitCommand: Command = {
  name: 'split',
  usage: 'FILE -o DIR [flags]',
  summary:
    'Divides a file into train.jsonl and validation.jsonl. Copies and near duplicates come to lie on one side, so that the validation says the truth.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'output', value: 'DIR', help: 'Folder of the new files; also -o.' },
    { name: 'o', value: 'DIR', help: 'The same as --output.', sameAs: 'output' },
    { name: 'validation', value: 'SHARE', help: 'Share of the records for validation, such as 0.1. Default: 0.1.' },
    { name: 'test', value: 'SHARE', help: 'Share of the records for a third file, test.jsonl. Default: 0.' },
    { name: 'seed', value: 'N', help: 'Another number gives another split. Default: 1.' },
    { name: 'force', help: 'Replace files that are there already.' },
  ],
  notes:
    'Lines are copied as they are and keep their order; blank lines are left out.\nExit codes: 0 done, 1 lines that are no records, or too few of them, 2 unusable arguments or files.',
  run: async (input, terminal) => {
    const shares = {
      validation: numberFlag(input, 'validation', 0.1, { least: 0, most: 0.9 }),
      test: numberFlag(input, 'test', 0, { least: 0, most: 0.9 }),
    };
    if (shares.validation + shares.test === 0 || shares.validation + shares.test > 0.95)
      throw new Failure(
        'usage',
        `--validation ${shares.validation} and --test ${shares.test} leave no two files.`,
        'Give shares whose sum is above 0 and at most 0.95.',
        2,
      );
    const seed = numberFlag(input, 'seed', 1, { least: 0, most: 2 ** 31, whole: true });
    const folder = outputOf(input);
    const names = PARTS.filter((part) => part === 'train' || shares[part] > 0);
    const paths = names.map((part) => join(folder, `${part}.jsonl`));
    const files = new LineFiles(
      paths.map((path) => resolve(terminal.cwd, path)),
      input.has('force'),
    );
    try {
      const { counts, kept, copies } = await withRecordFile(input.operands[0]!, terminal, (records) => {
        const grouped = groupsOf(records);
        const parts = splitRows(grouped.groups, shares, seed);
        const sizes = names.map((name) => parts.reduce((sum, part) => sum + (PARTS[part] === name ? 1 : 0), 0));
        const empty = names[sizes.indexOf(0)];
        if (empty !== undefined)
          throw new Failure(
            'data',
            `There are too few different records for ${empty}.jsonl: ${countText(new Set(grouped.groups).size)} of ${countText(records.length)}.`,
            'Add records, or ask for fewer files.',
          );
        for (let row = 0; row < parts.length; row++)
          files.write(names.indexOf(PARTS[parts[row]!]!), records.bytesOf(row));
        return { ...grouped, counts: sizes };
      });
      files.finish();
      for (const [i, path] of paths.entries()) terminal.out(`${path}: ${recordsText(counts[i]!)}`);
      if (kept > 0)
        terminal.out(
          `${countText(kept)} ${kept === 1 ? 'group' : 'groups'} of copies and near duplicates (${recordsText(copies)}) kept on one side.`,
        );
      return 0;
    } finally {
      files.discard();
    }
  },
};

/** Group of each row, the number of groups with several rows, and of the rows in them. */
function groupsOf(records: RecordFile): {
  readonly groups: Uint32Array;
  readonly kept: number;
  readonly copies: number;
} {
  const union = new UnionFind(records.length);
  const firsts = records.facts.firsts();
  for (let row = 0; row < firsts.length; row++) union.join(row, firsts[row]!);
  for (const [first, ...others] of records.nearDuplicates(SIMILARITY).groups)
    for (const other of others) union.join(first!, other);
  const groups = new Uint32Array(records.length);
  const sizes = new Uint32Array(records.length);
  for (let row = 0; row < groups.length; row++) sizes[(groups[row] = union.find(row))]!++;
  let kept = 0;
  let copies = 0;
  for (const size of sizes)
    if (size > 1) {
      kept++;
      copies += size;
    }
  return { groups, kept, copies };
}

function outputOf(input: Arguments): string {
  const folder = input.last('output');
  if (folder === undefined) throw new Failure('usage', 'The folder of the new files is missing.', 'Write -o DIR.', 2);
  return folder;
}

export function recordsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'record' : 'records'}`;
}
