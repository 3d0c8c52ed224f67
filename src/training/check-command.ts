import type { Settings } from './settings';

/** The command that lists the findings of a file, with what some of them depend on. */
export function checkCommand(
  path: string,
  { model, max_length, format }: Pick<Settings, 'model' | 'max_length' | 'format'>,
): string {
  const as = format === 'auto' ? '' : ` --as ${format}`;
  return `fine-tune check ${quoted(path)} --model ${quoted(String(model))} --max-length ${max_length}${as}`;
}

/** As a shell takes it; a plain path stays plain. */
function quoted(path: string): string {
  return /[^\w@%+=:,./\\-]/.test(path) ? `"${path}"` : path;
}
