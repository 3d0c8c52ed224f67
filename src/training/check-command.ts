import type { Settings } from './settings';

/** The command that lists the findings of a file, with what some of them depend on. */
export function checkCommand(
  path: string,
  { model, template, max_length, format }: Pick<Settings, 'model' | 'template' | 'max_length' | 'format'>,
): string {
  const as = format === 'auto' ? '' : ` --as ${format}`;
  const by = template === 'auto' ? '' : ` --template ${template}`;
  return `fine-tune check ${quoted(path)} --model ${quoted(String(model))}${by} --max-length ${max_length}${as}`;
}

/** As a shell takes it; a plain path stays plain. */
function quoted(path: string): string {
  return /[^\w@%+=:,./\\-]/.test(path) ? `"${path}"` : path;
}
