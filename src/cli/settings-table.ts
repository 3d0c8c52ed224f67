/** The settings of a run, every automatic one as the number it became. */
import { basename, dirname, join } from 'node:path';
import type { SettingKey, SettingSpec } from '../training/settings';
import { SETTINGS, SETTING_KEYS, parseSettings, resolveDefaults } from '../training/settings';
import { settingText } from './format';

export interface SettingRow {
  readonly key: SettingKey;
  readonly value: string;
  /** The default as it would have been in this run; only where the value differs from it. */
  readonly standard?: string;
}

/** Rows in the order of the table of settings. `settings` are resolved ones; unknown keys are left out. */
export function settingRows(
  settings: Readonly<Record<string, unknown>>,
  run: { readonly stepsPerEpoch: number },
): SettingRow[] {
  return SETTING_KEYS.filter((key) => key in settings).map((key) => {
    const value = settingText(settings[key]);
    const standard = defaultText(key, settings, run);
    return { key, value, ...(standard !== undefined && standard !== value && { standard }) };
  });
}

/**
 * One line a path, then the others in as many columns as fit. `*` marks a setting that is not at its default;
 * `emphasize` gets the whole cell of such a setting.
 */
export function settingsTable(
  rows: readonly SettingRow[],
  columns: number,
  emphasize: (cell: string) => string = (cell) => cell,
): string[] {
  const shown = (row: SettingRow): string =>
    `${row.standard === undefined ? ' ' : '*'} ${row.key.padEnd(width)}  ${row.value}${row.standard === undefined ? '' : `  (default ${row.standard})`}`;
  const isPath = (row: SettingRow): boolean => SETTINGS[row.key].type === 'path';
  const width = Math.max(0, ...rows.map((row) => row.key.length));
  const mark = (text: string): string => (text.startsWith('*') ? emphasize(text) : text);
  const paths = rows.filter(isPath).map(shown).map(mark);
  const others = rows.filter((row) => !isPath(row)).map(shown);
  const lines = inColumns(others, columns).map((cells) => cells.map(mark).join('').trimEnd());
  const note = rows.some((row) => row.standard !== undefined) ? ['* changed from its default'] : [];
  return [...paths, ...lines, ...note];
}

/** Cells read downwards, in up to three columns, each as wide as its longest cell and a gap. */
function inColumns(cells: readonly string[], columns: number): string[][] {
  for (let across = 3; ; across--) {
    const down = Math.ceil(cells.length / across);
    const parts = Array.from({ length: across }, (_, i) => cells.slice(i * down, (i + 1) * down));
    const widths = parts.map((part) => part.reduce((most, cell) => Math.max(most, cell.length), 0) + 2);
    if (across > 1 && widths.reduce((a, b) => a + b) > columns) continue;
    return Array.from({ length: down }, (_, row) => parts.map((part, i) => (part[row] ?? '').padEnd(widths[i]!)));
  }
}

function defaultText(
  key: SettingKey,
  settings: Readonly<Record<string, unknown>>,
  run: { readonly stepsPerEpoch: number },
): string | undefined {
  const spec: SettingSpec = SETTINGS[key];
  // A path has no default worth comparing: the run shows it absolute, the table has it relative. The usual layers depend
  // on the model; device and memory on the machine.
  if (spec.type === 'path' || ['name', 'target_modules', 'device', 'memory'].includes(key)) return undefined;
  if (spec.default !== null) return settingText(spec.default);
  const parsed = parseSettings({ ...settings, [key]: null });
  if (key === 'threads' || !parsed.ok) return undefined;
  const resolved = resolveDefaults(parsed.settings, {
    stepsPerEpoch: run.stepsPerEpoch,
    physicalCores: 1,
    name: '',
  });
  return settingText(resolved[key]);
}

/** Name of a run when none is given: the training file without its extension, or its folder for a general name. */
export function nameOf(trainFile: string): string {
  const plain = basename(trainFile).replace(/\.[^.]*$/, '');
  const folder = basename(dirname(join('/', trainFile)));
  return /^(train|training|data|dataset)$/i.test(plain) && folder !== '' ? folder : plain || 'run';
}
