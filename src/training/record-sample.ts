import type { Example } from '../dataset/conversation';
import type { EncodedExample } from '../dataset/example';
import { type FormatId, formatById } from '../dataset/formats';
import { parseLine, splitLines } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';

export interface SampledRecord {
  /** 1-based. */
  readonly line: number;
  readonly example: Example;
}

/** What the template makes of a record does not vary much, and each is rendered several times. */
const LOOKED_AT = 64;

/** What stands in some of the records, spread evenly over the file; `encoded` are those that were tokenised. */
export function sampleRecords(text: string, format: FormatId, encoded: readonly EncodedExample[]): SampledRecord[] {
  const count = Math.min(LOOKED_AT, encoded.length);
  const wanted = new Set(
    Array.from({ length: count }, (_, i) => encoded[Math.floor((i * encoded.length) / count)]!.line),
  );
  return recordsAt(text, format, wanted);
}

/** What stands in these lines of a file that was checked, in the order of the file. */
export function recordsAt(text: string, format: FormatId, lines: ReadonlySet<number>): SampledRecord[] {
  const records: SampledRecord[] = [];
  for (const { number, start, end } of splitLines(text)) {
    if (!lines.has(number)) continue;
    const parsed = parseLine(text.slice(start, end));
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    const example = value && formatById(format).toExample(value);
    if (example) records.push({ line: number, example });
  }
  return records;
}
