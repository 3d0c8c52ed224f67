import { Failure } from '../common/failure';
import type { Example } from './conversation';
import { detectFileFormat, formatById, FORMATS, type Format, type FormatId } from './formats';
import { isBlank, parseLine, splitLines } from './jsonl';
import { asRecord, checkShape } from './shape';

export interface LoadedRecord {
  /** 1-based. */
  readonly line: number;
  readonly example: Example;
}

/**
 * Records of a file that the linter found free of errors. Blank lines are no records, and records that are not meant to be trained are left out.
 * Throws a `Failure` (code `data`) at the first line that is no record of the format; without a format, the file's own is used.
 */
export function readRecords(
  text: string,
  format?: FormatId,
): { readonly format: Format; readonly records: LoadedRecord[] } {
  const values: { readonly line: number; readonly value: Readonly<Record<string, unknown>> }[] = [];
  for (const line of splitLines(text)) {
    const source = text.slice(line.start, line.end);
    if (isBlank(source)) continue;
    const parsed = parseLine(source);
    if (!parsed.ok) throw unusable(line.number, parsed.error.message);
    const value = asRecord(parsed.value);
    if (!value) throw unusable(line.number, 'The line is not a JSON object.');
    values.push({ line: line.number, value });
  }
  const chosen = format === undefined ? detect(values.map((one) => one.value)) : formatById(format);
  const records = values.flatMap(({ line, value }) => {
    const problem = checkShape(chosen.shape, value)[0];
    if (problem) throw unusable(line, problem.message);
    const example = chosen.toExample(value);
    return example ? [{ line, example }] : [];
  });
  return { format: chosen, records };
}

/** Format of a JSON Lines text by its first records; reads no further than it must. */
export function detectTextFormat(text: string): FormatId | undefined {
  const detection = detectFileFormat(objectsIn(text));
  return detection.kind === 'known' ? detection.format.id : undefined;
}

function* objectsIn(text: string): Generator<Readonly<Record<string, unknown>>> {
  for (const { start, end } of splitLines(text)) {
    const parsed = parseLine(text.slice(start, end));
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    if (value) yield value;
  }
}

function detect(values: readonly Readonly<Record<string, unknown>>[]): Format {
  const detection = detectFileFormat(values);
  if (detection.kind === 'known') return detection.format;
  throw new Failure(
    'data',
    values.length === 0
      ? 'The file holds no record.'
      : `The records have the keys of no known format (${FORMATS.map((one) => one.id).join(', ')}).`,
    'Run "fine-tune check" on the file to see what to change.',
    2,
  );
}

function unusable(line: number, message: string): Failure {
  return new Failure(
    'data',
    `Line ${line}: ${message}`,
    'Run "fine-tune check" on the file and correct what it reports.',
    2,
  );
}
