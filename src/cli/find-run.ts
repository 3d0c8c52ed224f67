import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import type { RunSummary } from '../training/run-folder';
import { listRuns, openRunFolder, summarizeRun } from '../training/run-folder';

/**
 * The run that a user means: the path of its folder, the folder's name, the name of the run (its newest), or `last`.
 * @throws Failure `no-such-run` (exit code 2)
 */
export async function findRun(given: string, outputDir: string, cwd: string): Promise<RunSummary> {
  for (const path of [resolve(cwd, given), join(outputDir, given)])
    if (existsSync(join(path, 'run.json'))) return await summarizeRun(openRunFolder(path).path);
  const runs = await listRuns(outputDir);
  const found = given === 'last' ? runs[0] : runs.find((run) => run.name === given);
  if (found) return found;
  const near = nearest(
    given,
    runs.flatMap((run) => [basename(run.path), run.name]),
  );
  throw new Failure(
    'no-such-run',
    `There is no run ${given} in ${outputDir}.${near ? ` Did you mean ${near}?` : ''}`,
    '"fine-tune runs" lists the runs of a folder; --output-dir names another one.',
    2,
  );
}
