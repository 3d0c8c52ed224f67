/** `fine-tune dedupe FILE` */
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import { redundantRows } from '../dataset/near-duplicates';
import type { Command } from './command';
import { countText } from './format';
import { LineFiles } from './line-files';
import { numberFlag } from './number-flag';
import { withRecordFile, type RecordFile } from './record-file';
import { recordsText } from './split';

const SHOWN = 20;

export const dedupeCommand: Command = {
  name: 'dedupe',
  usage: 'FILE -o FILE [flags]',
  summary:
    'Writes a file without the copies of records. With --near also without near duplicates: of those the one with the longest answer stays.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'output', value: 'FILE', help: 'The new file; also -o.' },
    { name: 'o', value: 'FILE', help: 'The same as --output.', sameAs: 'output' },
    { name: 'near', help: 'Remove near duplicates as well.' },
    {
      name: 'threshold',
      value: 'SHARE',
      help: 'Share of five-word runs from which records are near duplicates; with --near. Default: 0.7.',
    },
    { name: 'removed', value: 'FILE', help: 'Write the removed lines to this file.' },
    { name: 'force', help: 'Replace files that are there already.' },
  ],
  notes:
    'Lines are copied as they are and keep their order; blank lines are left out.\nExit codes: 0 done, 1 lines that are no records, 2 unusable arguments or files.',
  run: async (input, terminal) => {
    const output = input.last('output');
    if (output === undefined) throw new Failure('usage', 'The new file is missing.', 'Write -o FILE.', 2);
    const near = input.has('near');
    if (!near && input.has('threshold'))
      throw new Failure('usage', '--threshold is for near duplicates.', 'Add --near as well.', 2);
    const threshold = numberFlag(input, 'threshold', 0.7, { least: 0.5, most: 1 });
    const removed = input.last('removed');
    const paths = removed === undefined ? [output] : [output, removed];
    const files = new LineFiles(
      paths.map((path) => resolve(terminal.cwd, path)),
      input.has('force'),
    );
    try {
      const { reasons, length } = await withRecordFile(input.operands[0]!, terminal, (records) => {
        const found = reasonsToGo(records, near ? threshold : undefined);
        for (let row = 0; row < records.length; row++)
          if (!found.has(row)) files.write(0, records.bytesOf(row));
          else if (removed !== undefined) files.write(1, records.bytesOf(row));
        return {
          reasons: new Map([...found].map(([row, reason]) => [records.lineOf(row), reason])),
          length: records.length,
        };
      });
      files.finish();
      const shown = [...reasons].toSorted(([a], [b]) => a - b).slice(0, SHOWN);
      for (const [line, reason] of shown) terminal.out(`line ${line} ${reason}`);
      if (reasons.size > SHOWN)
        terminal.out(`… and ${countText(reasons.size - SHOWN)} more; --removed FILE writes all of them.`);
      terminal.out(`${output}: ${recordsText(length - reasons.size)} of ${countText(length)}`);
      return 0;
    } finally {
      files.discard();
    }
  },
};

/** Row → why it is removed. */
function reasonsToGo(records: RecordFile, threshold: number | undefined): Map<number, string> {
  const reasons = new Map<number, string>();
  const firsts = records.facts.firsts();
  for (let row = 0; row < firsts.length; row++)
    if (firsts[row] !== row) reasons.set(row, `is the same as line ${records.lineOf(firsts[row]!)}`);
  if (threshold === undefined) return reasons;
  const near = records.nearDuplicates(threshold);
  for (const group of near.groups)
    for (const { redundant, row, similarity } of redundantRows(near, group, threshold, records.facts.answerLength))
      reasons.set(redundant, `is ${Math.floor(similarity * 100)} % the same as line ${records.lineOf(row)}`);
  return reasons;
}
