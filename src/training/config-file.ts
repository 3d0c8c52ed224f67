/** Reading `finetune.json`. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { locateJsonError } from '../common/json-error';
import { modelReference } from '../hub/model-id';
import { SETTINGS, SETTING_KEYS } from './settings';

/** Settings as somebody wrote them: a part of the table, unchecked. */
export type WrittenSettings = Readonly<Record<string, unknown>>;

/**
 * The settings in a `finetune.json`, its paths made absolute from its own folder. Values are not checked yet.
 * @throws Failure `config-unreadable` or `config-syntax` with line and column (exit code 2)
 */
export function readConfigFile(path: string): WrittenSettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure(
      'config-unreadable',
      missing ? `${path} does not exist.` : `${path} cannot be read.`,
      'Name a finetune.json, or give --model and --data.',
      2,
    );
  }
  return parseConfig(text, path);
}

/** The same for a text that is at hand. */
export function parseConfig(text: string, path: string): WrittenSettings {
  const broken = locateJsonError(text);
  if (broken)
    throw new Failure(
      'config-syntax',
      `${path}:${broken.line}:${broken.column}: ${broken.message}`,
      'Correct the file; it must hold one JSON object of settings.',
      2,
    );
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Failure(
      'config-syntax',
      `${path} must hold one JSON object.`,
      'Write { "model": …, "train_file": … }.',
      2,
    );
  const settings: Record<string, unknown> = { ...value };
  delete settings['$schema'];
  return absolutePaths(settings, dirname(path));
}

/** The same settings with every path made absolute, counted from `folder`; ids of the hub stay. */
export function absolutePaths(written: WrittenSettings, folder: string): WrittenSettings {
  const changed: Record<string, unknown> = { ...written };
  for (const key of SETTING_KEYS) {
    const value = changed[key];
    if (SETTINGS[key].type === 'path' && typeof value === 'string' && value !== '')
      changed[key] = key === 'model' ? modelReference(value, folder) : resolve(folder, value);
  }
  return changed;
}
