import * as fs from 'node:fs/promises';
import * as path from 'node:path';

export interface FoundEvaluation {
  readonly name: string;
  /** Absolute path of the report. */
  readonly file: string;
  readonly created: Date;
}

/** The reports in a run folder, newest first. Only their names are read. */
export async function evaluationsOf(run: string): Promise<FoundEvaluation[]> {
  const folder = path.join(run, 'evaluation');
  const names = await fs.readdir(folder).catch(() => []);
  const found = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => {
      const file = path.join(folder, name);
      return { name: path.basename(name, '.json'), file, created: (await fs.stat(file)).mtime };
    });
  return (await Promise.all(found)).sort((a, b) => b.created.getTime() - a.created.getTime());
}
