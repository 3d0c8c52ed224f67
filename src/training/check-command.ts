import type { Settings } from './settings';

/** The command that lists the findings of a file, with the model and the length, since some of them depend on these. */
export function checkCommand(path: string, { model, max_length }: Pick<Settings, 'model' | 'max_length'>): string {
  return `fine-tune check ${path} --model ${model} --max-length ${max_length}`;
}
