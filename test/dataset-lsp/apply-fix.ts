import { parseLine, splitLines } from '../../src/dataset/jsonl';
import { asRecord } from '../../src/dataset/shape';
import { lintDataset } from '../../src/dataset-lsp/dataset-lint';
import { FactTable } from '../../src/dataset-lsp/facts';
import { applyEdits, type Fix } from '../../src/dataset-lsp/fixes';
import { activeRules, lintLine, type LineLintOptions } from '../../src/dataset-lsp/line-lint';
import { lintFile, wholeDocument } from '../../src/dataset-lsp/linter';
import type { LineFinding } from '../../src/dataset-lsp/placement';
import { detectFileFormat, type Format } from '../../src/dataset/formats';

export interface Found {
  /** 1-based. */
  readonly line: number;
  readonly finding: LineFinding;
}

export function linesOf(text: string): string[] {
  return [...splitLines(text)].map(({ start, end }) => text.slice(start, end));
}

export function formatOf(text: string): Format | undefined {
  const values = linesOf(text).flatMap((source) => {
    const parsed = parseLine(source);
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    return value ? [value] : [];
  });
  const detection = detectFileFormat(values);
  return detection.kind === 'known' ? detection.format : undefined;
}

export interface FindOptions {
  readonly encode?: LineLintOptions['encode'];
  /** Text of a validation file. */
  readonly validation?: string | undefined;
}

function factsOf(text: string): FactTable {
  const table = new FactTable();
  const options = {
    format: formatOf(text),
    forced: false,
    rules: activeRules({}),
    facts: true,
  };
  for (const { number, start, end } of splitLines(text)) {
    const { facts } = lintLine(text.slice(start, end), number, options);
    if (facts) table.add(number, facts);
  }
  return table;
}

/** All findings of a text with their fixes, of lines, of the file, and of all records together. */
export function findingsOf(text: string, { encode, validation }: FindOptions = {}): Found[] {
  const rules = activeRules({});
  const format = formatOf(text);
  const lines = [...splitLines(text)].map(({ start, end, number }) => {
    const source = text.slice(start, end);
    return { number, start, source, parsed: parseLine(source) };
  });
  const records = lines.filter(({ source }) => /\S/.test(source));
  const document = wholeDocument(text, records);
  const found: Found[] = [];
  const table = new FactTable();
  for (const { number, source } of document ? [] : lines) {
    const result = lintLine(source, number, { format, forced: false, rules, encode, facts: true });
    for (const finding of result.findings) found.push({ line: number, finding });
    if (result.facts) table.add(number, result.facts);
  }
  const values = records.flatMap(({ number, parsed }) => {
    const value = parsed.ok ? asRecord(parsed.value) : undefined;
    return value ? [{ line: number, value }] : [];
  });
  const file = {
    records: records.length,
    detection: detectFileFormat(values.map(({ value }) => value)),
    first: values[0],
    forced: false,
    encoding: [],
    document,
  };
  found.push(...lintFile(file, rules, (line) => lines[line - 1]));
  if (format) {
    const recordOf = (row: number) => values.find(({ line }) => line === table.lines[row])?.value;
    const sourceOf = (line: number) => lines[line - 1]?.source ?? '';
    const other = validation === undefined ? undefined : { name: 'validation.jsonl', table: factsOf(validation) };
    for (const one of lintDataset({ table, format, validation: other, recordOf, sourceOf }, rules))
      if (one) found.push(one);
  }
  return found;
}

/** Lines of the text after a fix of a finding on that line. */
export function applyFix(text: string, line: number, fix: Fix): string {
  const ends = [...splitLines(text)].map(({ end }, i, all) => text.slice(end, all[i + 1]?.start ?? text.length));
  return linesOf(text)
    .map((source, i) => {
      if (fix.removeLines?.includes(i + 1)) return '';
      const own = i + 1 === line ? applyEdits(source, fix.edits ?? []) : source;
      return (fix.everyLine ? applyEdits(own, fix.everyLine(own)) : own) + ends[i]!;
    })
    .join('');
}
