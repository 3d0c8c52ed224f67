/** `fine-tune convert FILE --to FORMAT -o FILE` */
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import { conversionProblem, convertRecord, STYLES, type Conversion, type Style } from '../dataset/conversion';
import { FORMATS, foreignFormat, formatById, type Format, type FormatId } from '../dataset/formats';
import { losesDigits } from '../dataset/lost-digits';
import { asRecord, checkShape } from '../dataset/shape';
import type { Arguments, Command } from './command';
import { fileProgress, type FileProgressView } from './file-progress';
import { JsonRecords, type PlacedValue } from './json-records';
import { countText } from './format';
import { LineFiles } from './line-files';
import { recordsText } from './split';
import type { Terminal } from './terminal';

const SHOWN = 20;
const BREATH = 500;

export const convertCommand: Command = {
  name: 'convert',
  usage: 'FILE --to FORMAT -o FILE [flags]',
  summary: 'Writes the records in another format, so that they train the same. Nothing is lost without a word.',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'to', value: 'FORMAT', help: `The new format: ${FORMATS.map(({ id }) => id).join(', ')}.` },
    { name: 'from', value: 'FORMAT', help: "The file's format. Default: what the keys of its first record say." },
    { name: 'output', value: 'FILE', help: 'The new file; also -o.' },
    { name: 'o', value: 'FILE', help: 'The same as --output.', sameAs: 'output' },
    { name: 'style', value: STYLES.join('|'), help: `Spelling of preferences. Default: ${STYLES[0]}.` },
    { name: 'skip-refused', help: 'Leave out the records that the new format cannot express.' },
    { name: 'force', help: 'Replace a file that is there already.' },
  ],
  notes:
    'Reads JSON Lines, and a JSON file that is one list of records.\nExit codes: 0 all records are converted or have no place in the new file by their label, 1 records were refused (nothing is written without --skip-refused), 2 unusable arguments or files.',
  run: async (input, terminal) => {
    const to = formatFlag(input, 'to');
    if (to === undefined) throw new Failure('usage', 'The new format is missing.', 'Write --to FORMAT.', 2);
    const output = input.last('output');
    if (output === undefined) throw new Failure('usage', 'The new file is missing.', 'Write -o FILE.', 2);
    const from = formatFlag(input, 'from');
    const style = styleOf(input);
    const [path] = input.operands;
    const records = await JsonRecords.open(resolve(terminal.cwd, path!), from);
    try {
      const format = formatOf(records, path!);
      const problem = conversionProblem(format.id, to);
      if (problem !== undefined)
        throw new Failure(
          'no-conversion',
          `${path} is ${format.id} and cannot become ${to}. ${problem}`,
          wayOut(to),
          2,
        );
      const files = new LineFiles([resolve(terminal.cwd, output)], input.has('force'));
      try {
        const view = fileProgress(terminal);
        view.begin(path!);
        const job = { from: format, forced: from !== undefined, to, style };
        const report = await convertAll(records, job, files, path!, view).finally(() => view.end());
        records.assertUnchanged();
        return finish(report, files, { path: path!, output, to, skip: input.has('skip-refused') }, terminal);
      } finally {
        files.discard();
      }
    } finally {
      records.close();
    }
  },
};

interface Job {
  readonly from: Format;
  readonly forced: boolean;
  readonly to: FormatId;
  readonly style: Style;
}

interface Report {
  read: number;
  written: number;
  leftOut: number;
  refused: number;
  /** The first ones, with place and reason. */
  readonly reasons: string[];
  /** How many records lost a key. */
  readonly dropped: Map<string, number>;
}

async function convertAll(
  records: JsonRecords,
  job: Job,
  files: LineFiles,
  path: string,
  view: FileProgressView,
): Promise<Report> {
  const report: Report = { read: 0, written: 0, leftOut: 0, refused: 0, reasons: [], dropped: new Map() };
  for (const placed of records.values()) {
    report.read++;
    if (report.read % BREATH === 0) {
      view.show({ doneBytes: placed.end, totalBytes: records.size });
      // So that a signal is heard, and what was written so far is removed.
      await setImmediate();
    }
    const result = convertOne(placed, job);
    if (result.kind === 'refused') {
      if (report.refused++ < SHOWN) report.reasons.push(`${path}${placed.place} ${result.reason}`);
    } else if (result.kind === 'left-out') report.leftOut++;
    else {
      for (const line of result.lines) files.write(0, Buffer.from(line));
      report.written += result.lines.length;
      for (const key of result.dropped) report.dropped.set(key, (report.dropped.get(key) ?? 0) + 1);
    }
  }
  return report;
}

type Converted =
  | Exclude<Conversion, { readonly kind: 'converted' }>
  | (Extract<Conversion, { readonly kind: 'converted' }> & { readonly lines: readonly string[] });

function convertOne({ value, problem, mayLoseDigits }: PlacedValue, { from, forced, to, style }: Job): Converted {
  if (problem !== undefined) return { kind: 'refused', reason: problem };
  const record = asRecord(value);
  if (!record) return { kind: 'refused', reason: 'The record is no JSON object.' };
  const wrong = checkShape(from.shape, record)[0];
  const other = foreignFormat(record, from, wrong !== undefined, forced);
  if (other) return { kind: 'refused', reason: `The record is ${other.id}, and the file is read as ${from.id}.` };
  if (wrong) return { kind: 'refused', reason: wrong.message };
  if (mayLoseDigits && losesDigits(record))
    return { kind: 'refused', reason: 'A number has more digits than can be kept. Write it as a text.' };
  try {
    const result = convertRecord(record, from, to, style);
    if (result.kind !== 'converted') return result;
    return { ...result, lines: result.records.map((one) => JSON.stringify(one)) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'refused', reason: 'The record is nested too deeply.' };
    throw error;
  }
}

function finish(
  { read, written, leftOut, refused, reasons, dropped }: Report,
  files: LineFiles,
  {
    path,
    output,
    to,
    skip,
  }: { readonly path: string; readonly output: string; readonly to: FormatId; readonly skip: boolean },
  terminal: Terminal,
): number {
  const more = refused > reasons.length ? [`… and ${countText(refused - reasons.length)} more.`] : [];
  const listed = [...reasons, ...more].join('\n');
  if (read === 0) throw new Failure('data', `${path} holds no record.`, 'Name a file with records.', 2);
  if (refused > 0 && !skip)
    throw new Failure(
      'refused',
      `${listed}\n${recordsText(refused)} of ${countText(read)} cannot become ${to}. Nothing was written.`,
      'Correct them, or leave them out with --skip-refused.',
    );
  if (written === 0)
    throw new Failure('refused', `${listed}\nNo record can become ${to}. Nothing was written.`.trim(), wayOut(to));
  files.finish();
  if (refused > 0) terminal.out(`${listed}\n${recordsText(refused)} left out: ${to} cannot express them`);
  if (leftOut > 0) terminal.out(`${recordsText(leftOut)} left out: the label is false`);
  for (const [key, count] of dropped) terminal.out(`not carried: ${key} (${recordsText(count)})`);
  terminal.out(`${output}: ${recordsText(written)} ${written > read ? 'from' : 'of'} ${countText(read)}`);
  return refused > 0 ? 1 : 0;
}

function formatOf(records: JsonRecords, path: string): Format {
  if (records.format) return records.format;
  throw new Failure(
    'data',
    `${path} holds no records of a known format.`,
    'Name it with --from, or run "fine-tune check" on the file to see what to change.',
    2,
  );
}

function wayOut(to: FormatId): string {
  return to === 'chat' ? 'Choose another file.' : 'Choose another format: most become "chat".';
}

function formatFlag(input: Arguments, flag: 'from' | 'to'): FormatId | undefined {
  const given = input.last(flag);
  if (given === undefined) return undefined;
  const ids = FORMATS.map(({ id }) => id);
  const id = ids.find((one) => one === given);
  if (id !== undefined) return formatById(id).id;
  const near = nearest(given, ids);
  throw new Failure(
    'usage',
    `There is no format "${given}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
    `The formats are ${ids.join(', ')}.`,
    2,
  );
}

function styleOf(input: Arguments): Style {
  const given = input.last('style') ?? STYLES[0];
  const style = STYLES.find((one) => one === given);
  if (style !== undefined) return style;
  throw new Failure('usage', `--style ${given} is not known.`, `Write --style ${STYLES.join(' or --style ')}.`, 2);
}
