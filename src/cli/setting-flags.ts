/** The settings as flags: `--learning-rate 1e-4` is `learning_rate`. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { absolutePaths, readConfigFile } from '../training/config-file';
import { isModelId } from '../hub/model-id';
import type { WrittenSettings } from '../training/config-file';
import type { SettingKey, SettingSpec, Settings } from '../training/settings';
import { SETTINGS, SETTING_KEYS, parseSettings, settingFromText } from '../training/settings';
import type { Arguments, Flag } from './command';
import { settingText } from './format';

const CONFIG = 'finetune.json';

export const CONFIG_FLAGS: readonly Flag[] = [
  {
    name: 'config',
    value: 'FILE',
    help: `Settings as JSON; ${CONFIG} of this folder when neither model nor data is named.`,
  },
  { name: 'data', value: 'FILE', help: 'The same as --train-file.', sameAs: 'train-file' },
  { name: 'validation', value: 'FILE', help: 'The same as --validation-file.', sameAs: 'validation-file' },
  { name: 'set', value: 'KEY=VALUE', help: 'Any setting by its key.', many: true },
];

/** One flag a setting, with its default as a number where there is one, and its spelling with `_` as well. */
export const SETTING_FLAGS: readonly Flag[] = SETTING_KEYS.flatMap((key): Flag[] => {
  const spec: SettingSpec = SETTINGS[key];
  const name = key.replaceAll('_', '-');
  const flag: Flag = {
    name,
    ...(spec.type !== 'boolean' && { value: valueName(spec) }),
    ...(spec.type === 'list' && { many: true }),
    help: helpOf(spec),
  };
  return [
    flag,
    ...(spec.type === 'boolean' ? [{ name: `no-${name}`, help: `Turns --${name} off.` }] : []),
    ...(name === key ? [] : [{ ...flag, name: key, sameAs: name }]),
  ];
});

/** What config file, `--set` and flags say together, later ones first; paths absolute, nothing checked. */
export function writtenSettings(input: Arguments, cwd: string): WrittenSettings {
  const named = input.last('config');
  const found = join(cwd, CONFIG);
  const flagged = input.has('model') || input.has('train-file');
  const file = named !== undefined ? resolve(cwd, named) : !flagged && existsSync(found) ? found : undefined;
  const fromFile = file === undefined ? {} : readConfigFile(file);
  const own: Record<string, unknown> = {};
  for (const pair of input.all('set')) {
    const at = pair.indexOf('=');
    if (at < 1) throw new Failure('usage', `--set ${pair} is not KEY=VALUE.`, 'For example --set epochs=3.', 2);
    own[pair.slice(0, at)] = settingFromText(pair.slice(0, at), pair.slice(at + 1));
  }
  for (const key of SETTING_KEYS) {
    const name = key.replaceAll('_', '-');
    const value = SETTINGS[key].type === 'list' && input.has(name) ? input.all(name).join(',') : input.last(name);
    if (SETTINGS[key].type === 'boolean') {
      if (input.has(name)) own[key] = true;
      if (input.has(`no-${name}`)) own[key] = false;
    } else if (value !== undefined) own[key] = settingFromText(key, value);
  }
  const output = { output_dir: resolve(cwd, SETTINGS.output_dir.default) };
  const base =
    file === undefined ? output : absolutePaths({ output_dir: SETTINGS.output_dir.default }, join(file, '..'));
  return { ...base, ...fromFile, ...absolutePaths(own, cwd) };
}

/**
 * Checked settings with a model and data that exist.
 * @throws Failure `settings` or `missing-file` (exit code 2) that names every problem
 */
export function checkedSettings(
  written: WrittenSettings,
): Settings & { readonly model: string; readonly train_file: string } {
  const parsed = parseSettings(written);
  if (!parsed.ok) {
    const message = parsed.problems.map((problem) => problem.message).join('\n');
    throw new Failure('settings', message, '"fine-tune train --help" lists the settings with their limits.', 2);
  }
  const { model, train_file, validation_file } = parsed.settings;
  if (model === null || train_file === null) {
    const missing = [
      ...(model === null ? ['a base model (--model DIR)'] : []),
      ...(train_file === null ? ['training data (--data FILE)'] : []),
    ];
    throw new Failure('settings', `Needed: ${missing.join(' and ')}.`, `Give it as a flag or in ${CONFIG}.`, 2);
  }
  const paths: readonly (readonly [SettingKey, string | null])[] = [
    ['model', isModelId(model) ? null : model],
    ['train_file', train_file],
    ['validation_file', validation_file],
  ];
  for (const [key, path] of paths)
    if (path !== null && !existsSync(path))
      throw new Failure('missing-file', `${key}: ${path} does not exist.`, 'Correct the path.', 2);
  return { ...parsed.settings, model, train_file };
}

/** Folder of the runs when no run is being made: `--output-dir`, else `finetune.json`'s, else the default. */
export function outputDir(input: Arguments, cwd: string): string {
  const named = input.last('output-dir');
  if (named !== undefined) return resolve(cwd, named);
  const config = join(cwd, CONFIG);
  const written = existsSync(config) ? readConfigFile(config)['output_dir'] : undefined;
  return typeof written === 'string' ? written : resolve(cwd, SETTINGS.output_dir.default);
}

function valueName(spec: SettingSpec): string {
  switch (spec.type) {
    case 'number':
      return 'X';
    case 'integer':
      return 'N';
    case 'path':
      return 'PATH';
    case 'choice':
      return spec.choices.join('|');
    case 'list':
      return 'A,B,…';
    default:
      return 'TEXT';
  }
}

function helpOf(spec: SettingSpec): string {
  if (spec === SETTINGS.model || spec === SETTINGS.train_file) return `${spec.help} Needed.`;
  const standard = spec.automatic ?? (spec.default === null ? 'none' : settingText(spec.default));
  if (spec.type !== 'number' && spec.type !== 'integer') return `${spec.help} Default: ${standard}.`;
  const least = `${spec.exclusiveMinimum ? 'above' : 'from'} ${spec.minimum}`;
  const limits = spec.maximum >= 1e9 ? least : `${least} to ${settingText(spec.maximum)}`;
  return `${spec.help} Default: ${standard}; ${limits}.`;
}
