import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../common/failure';
import { modelReference, parseModelId } from '../hub/model-id';
import { findRun } from './find-run';

/**
 * What RUN|ADAPTER|MODEL means, for `openSubjects`: a path that is there, the name of a run, `last`, or a model of the hub.
 * @throws Failure (exit code 2) of `findRun`, where it is none of them
 */
export async function findSubject(given: string, outputDir: string, cwd: string): Promise<string> {
  const path = resolve(cwd, given);
  if (existsSync(path)) return path;
  // A path is meant as one: the names of runs have no separators.
  const named = /[\\/]/.test(given) ? undefined : await findRun(given, outputDir, cwd);
  if (named) return named.path;
  if (parseModelId(given) && modelReference(given, cwd) === given) return given;
  throw new Failure('no-such-model', `There is no run, adapter or model at ${path}.`, 'Check the path.', 2);
}
