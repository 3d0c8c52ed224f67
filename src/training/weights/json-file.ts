import { Failure } from '../../common/failure';
import { parseJson } from '../../dataset/json-positions';
import { readTextFile } from './files';

/** Reads a JSON file that must hold an object. Fails with `json-syntax`, naming file, line and column. */
export function readJsonObject(file: string): Record<string, unknown> {
  const text = readTextFile(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Failure('json-syntax', `${file} is not valid JSON: ${describe(text)}`, HINT, 2);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Failure('json-syntax', `${file} does not hold a JSON object.`, HINT, 2);
  return value as Record<string, unknown>;
}

const HINT = 'Correct the file, or download it again.';

/** Parsed once more for the place, which the engine's own message names only sometimes. */
function describe(text: string): string {
  const parsed = parseJson(text);
  if (parsed.ok) return 'unreadable.';
  const before = text.slice(0, parsed.error.offset);
  const [line, column] = [before.split('\n').length, before.length - before.lastIndexOf('\n')];
  return `line ${line}, column ${column}: ${parsed.error.message}`;
}
