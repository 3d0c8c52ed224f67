import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { detectFileFormat, formatById, type FormatId } from '../dataset/formats';
import { parseLine, splitLines } from '../dataset/jsonl';
import { asRecord } from '../dataset/shape';
import type { ValidationData } from './dataset-lint';
import { FactTable } from './facts';
import { activeRules, lintLine } from './line-lint';

// A validation file is small; a larger one is compared by "fine-tune check --validation".
const LARGEST = 100_000_000;
const SLICE_MS = 8;

/**
 * Facts of the validation file on the disk, made in slices; `undefined` when it is too large or of no known format.
 * Rejects when it cannot be read.
 * @param uri `file:` URI
 */
export async function loadValidation(uri: string, format: FormatId | undefined): Promise<ValidationData | undefined> {
  const path = fileURLToPath(uri);
  if ((await stat(path)).size > LARGEST) return undefined;
  const text = await readFile(path, 'utf8');
  const lines = [...splitLines(text)].map(({ start, end }) => text.slice(start, end));
  const valueOf = (line: number): Readonly<Record<string, unknown>> | undefined => {
    const parsed = parseLine(lines[line - 1] ?? '');
    return parsed.ok ? asRecord(parsed.value) : undefined;
  };
  const detection = detectFileFormat(
    (function* () {
      for (let line = 1; line <= lines.length; line++) {
        const value = valueOf(line);
        if (value) yield value;
      }
    })(),
  );
  const known = format !== undefined ? formatById(format) : detection.kind === 'known' ? detection.format : undefined;
  if (!known) return undefined;
  const table = new FactTable();
  // Only records that could be trained have facts, and only the rules about the record as such decide that.
  const options = { format: known, forced: format !== undefined, rules: activeRules({}), facts: true };
  let until = performance.now() + SLICE_MS;
  for (const [i, source] of lines.entries()) {
    const { facts } = lintLine(source, i + 1, options);
    if (facts) table.add(i + 1, facts);
    if (performance.now() < until) continue;
    await setImmediate();
    until = performance.now() + SLICE_MS;
  }
  return { name: basename(path), table };
}
