/** Scores of predictions that something else made: lines of `{prediction, reference}` or `{prediction, references}`. */
import { Failure } from '../common/failure';
import { decodeText } from '../dataset/encoding';
import { isBlank, parseLine, splitLines } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';
import { readBytes } from '../training/data';
import type { TextRow } from './metrics/metric';

/**
 * @param referenced whether a metric is asked for that compares
 * @throws Failure (exit code 2) `data-unreadable`, `data-empty`, or `data-errors` that names the lines
 */
export function readPredictions(path: string, referenced: boolean): TextRow[] {
  const { text } = decodeText(readBytes(path));
  const problems: string[] = [];
  const rows: TextRow[] = [];
  for (const { number, start, end } of splitLines(text)) {
    const source = text.slice(start, end);
    if (isBlank(source)) continue;
    const row = rowOf(source, referenced);
    if (typeof row === 'string') problems.push(`${path}:${number} ${row}`);
    else rows.push(row);
  }
  if (problems.length > 0)
    throw new Failure(
      'data-errors',
      problemsText(problems),
      'Write a line as {"prediction": "…", "reference": "…"}.',
      2,
    );
  if (rows.length === 0)
    throw new Failure(
      'data-empty',
      `${path} holds no line.`,
      'Write a line as {"prediction": "…", "reference": "…"}.',
      2,
    );
  return rows;
}

const SHOWN = 10;

function problemsText(problems: readonly string[]): string {
  const more = problems.length > SHOWN ? [`… and ${problems.length - SHOWN} more.`] : [];
  return [...problems.slice(0, SHOWN), ...more].join('\n');
}

/** The row, or what is wrong with it. */
function rowOf(source: string, referenced: boolean): TextRow | string {
  const parsed = parseLine(source);
  const record = parsed.ok ? asRecord(parsed.value) : undefined;
  if (!record) return parsed.ok ? 'The line is no JSON object.' : parsed.error.message;
  const { prediction, reference, references = reference } = record;
  if (typeof prediction !== 'string')
    return prediction === undefined ? 'There is no "prediction".' : 'The "prediction" is no text.';
  const list: unknown = typeof references === 'string' ? [references] : references;
  if (list === undefined)
    return referenced ? 'There is neither "reference" nor "references".' : { prediction, references: [] };
  if (!Array.isArray(list) || list.length === 0 || !list.every((one) => typeof one === 'string'))
    return 'The reference is neither a text nor a list of texts.';
  return { prediction, references: list };
}
