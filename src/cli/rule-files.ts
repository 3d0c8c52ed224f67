import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import type { Rules } from '../evaluation/scorer';
import type { Arguments } from './command';

/** What --pattern and --schema say. @throws Failure `usage` (exit code 2) where the schema cannot be read */
export function rulesOf(input: Arguments, cwd: string): Rules {
  const [pattern, file] = [input.last('pattern'), input.last('schema')];
  if (file === undefined) return { pattern };
  const path = resolve(cwd, file);
  try {
    return { pattern, schema: JSON.parse(readFileSync(path, 'utf8')) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('usage', `--schema ${path} cannot be read: ${reason}`, 'Name a file with a JSON schema.', 2);
  }
}
