import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Failure } from '../common/failure';
import { formatSuppressions, parseSuppressions, type Suppressions } from './suppressions';

export interface SuppressionsFile {
  /** The file itself, there or not. */
  readonly path: string;
  readonly suppressions: Suppressions;
  /** How the suppressions name a file: from the folder that holds `.finetune`, with forward slashes. */
  nameOf(file: string): string;
}

/**
 * `.finetune/suppressions.json` of the nearest folder above a file that has one, else of the file's own folder.
 * Throws a `Failure` (exit code 2) when it is there but cannot be read: hidden findings must not come and go by accident.
 */
export function openSuppressions(dataFile: string): SuppressionsFile {
  const file = resolve(dataFile);
  const home = homeOf(dirname(file)) ?? dirname(file);
  const path = join(home, '.finetune', 'suppressions.json');
  const nameOf = (other: string): string => relative(home, resolve(other)).split(sep).join('/');
  if (!existsSync(path)) return { path, suppressions: {}, nameOf };
  try {
    return { path, suppressions: parseSuppressions(readFileSync(path, 'utf8')), nameOf };
  } catch (error) {
    throw new Failure(
      'suppressions',
      `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      'Correct it, or delete it to see all findings again.',
      2,
    );
  }
}

export function writeSuppressions(path: string, suppressions: Suppressions): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  writeFileSync(temporary, formatSuppressions(suppressions));
  renameSync(temporary, path);
}

function homeOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.finetune', 'suppressions.json'))) return at;
    if (dirname(at) === at) return undefined;
  }
}
