import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatById, type FormatId } from '../../src/dataset/formats';
import { activeRules, lintLine } from '../../src/dataset-lsp/line-lint';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'llamafactory');

/** Records of other projects, which are not part of this one. */
export const hasRealFiles = existsSync(FOLDER);
export const WHY_SKIPPED = 'needs ../shared/data';

/** Records of a real file; some of the files are lists. */
export function realRecords(name: string): readonly Readonly<Record<string, unknown>>[] {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const list = name.endsWith('.json') ? text : `[${text.trim().split('\n').join(',')}]`;
  return JSON.parse(list) as Readonly<Record<string, unknown>>[];
}

export const REAL_FILES = [
  { name: 'alpaca_en_demo.json', format: 'instruction', records: 999 },
  { name: 'dpo_en_demo.json', format: 'preference', records: 300 },
  { name: 'kto_en_demo.json', format: 'unpaired-preference', records: 300 },
  { name: 'glaive_toolcall_en_demo.json', format: 'sharegpt', records: 300 },
  { name: 'reason_tool_use_demo_50.jsonl', format: 'chat', records: 50 },
  { name: 'v1_sft_demo.jsonl', format: 'chat', records: 500 },
  { name: 'v1_dpo_demo.jsonl', format: 'preference', records: 10 },
] as const;

/** Errors of the records, each as `line rule`; rules that compare records are left out. */
export function errorsIn(records: readonly unknown[], format: FormatId): string[] {
  const rules = activeRules({}).filter(({ severity }) => severity === 'error');
  const options = { format: formatById(format), forced: false, rules };
  return records.flatMap((record, i) =>
    lintLine(JSON.stringify(record), i + 1, options).findings.map(({ rule }) => `${i + 1} ${rule}`),
  );
}
