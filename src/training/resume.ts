/** What a run must fulfil to be resumed, and what changes when it is. The host asks before it starts a trainer, the trainer again. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Failure } from '../common/failure';
import { BEST_DAMAGED, type Checkpoint, checkpointSteps, openCheckpoint, readBest } from './checkpoint';
import type { ResumePoint } from './loop';
import type { Parameter } from './optimizer';
import { type RunFile, type RunFolder, type RunSummary, openRunFolder, runFolderAt } from './run-folder';
import { FORCEABLE } from './preflight/codes';
import type { Settings } from './settings';
import { openBaseModel } from './weights/base-model';

/** Crosses the border to the trainer as JSON, after `--resume`. */
export interface ResumeRequest {
  /** Step of the checkpoint; the newest complete one where it is not given. */
  readonly checkpoint?: number;
  /** Replaces `max_steps` of the run. */
  readonly maxSteps?: number;
  /** Replaces `device` of the run. */
  readonly device?: Settings['device'];
  /** Names of refusals that the user overrules: the codes of their failures. */
  readonly force?: readonly string[];
}

const DATA_CHANGED = 'data-changed';
const OWN_REFUSALS: readonly string[] = [DATA_CHANGED, BEST_DAMAGED];
/** The refusals that can be overruled: changed data, lost best weights, and what the preflight finds. */
export const RESUME_FORCEABLE: readonly string[] = [...OWN_REFUSALS, ...FORCEABLE];

/**
 * Host side: whether this run can go on, before a trainer is started and anything is written to its log.
 * @throws Failure (exit code 2) `run-completed`, `run-in-use`, `no-checkpoint`, `checkpoint-version`,
 * `checkpoint-damaged`, `max-steps-reached`, `data-changed`, `model-changed`, or those of missing files
 */
export async function requireResumable(
  run: Pick<RunSummary, 'path' | 'name' | 'state'>,
  request: ResumeRequest,
): Promise<void> {
  if (run.state === 'paused')
    throw new Failure(
      'run-in-use',
      `${run.name} is paused: its trainer waits.`,
      '"fine-tune continue", or Continue in VS Code, goes on with it.',
      2,
    );
  if (run.state === 'running')
    throw new Failure('run-in-use', `${run.name} is at work: its trainer lives.`, 'Stop it, or wait for its end.', 2);
  if (run.state === 'completed')
    throw new Failure(
      'run-completed',
      `${run.name} is completed.`,
      'To train longer, start a new run with more epochs or max_steps.',
      2,
    );
  const folder = openRunFolder(run.path);
  const settings = requestedSettings(folder.run, request, chooseCheckpoint(folder, request));
  const { hashes } = folder.run;
  if (hashes) requireSameInputs(hashes, await hashInputs(settings), settings, request.force ?? []);
}

/**
 * The checkpoint that the request means; `undefined` where the run has saved none, so that it begins again.
 * @throws Failure as `openCheckpoint`
 */
export function chooseCheckpoint(folder: RunFolder, { checkpoint }: ResumeRequest): Checkpoint | undefined {
  const step = checkpoint ?? checkpointSteps(folder.checkpoints).at(-1);
  return step === undefined ? undefined : openCheckpoint(folder.checkpoints, step);
}

/**
 * Where the loop goes on.
 * @throws Failure `best-damaged` (exit code 2) unless forced: the next evaluation then counts as the best
 */
export function resumePoint(
  checkpoint: Checkpoint,
  parameters: readonly Parameter[],
  { force = [] }: ResumeRequest,
): ResumePoint {
  const { progress } = checkpoint;
  try {
    return { progress, best: readBest(checkpoint, parameters) };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== BEST_DAMAGED || !force.includes(BEST_DAMAGED)) throw error;
    return {
      progress: { ...progress, bestLoss: null, bestStep: null, evaluationsWithoutImprovement: 0 },
      best: undefined,
    };
  }
}

/**
 * The settings of the resumed run: every automatic one as the number that it was, since a number that is computed
 * anew (from more steps, or on another machine) would bend the learning rate. Only the device is left to `chooseDevice`.
 * @throws Failure `max-steps-reached` (exit code 2)
 */
export function requestedSettings(
  run: RunFile,
  { maxSteps, device, force = [] }: ResumeRequest,
  checkpoint: Checkpoint | undefined,
): Readonly<Record<string, unknown>> {
  const written: Readonly<Record<string, unknown>> = run.settings ?? run.requested;
  const forced = [...(Array.isArray(written['force']) ? written['force'] : []), ...force].map(String);
  const settings: Readonly<Record<string, unknown>> = {
    ...written,
    ...(maxSteps !== undefined && { max_steps: maxSteps }),
    device: device ?? run.requested['device'] ?? 'auto',
    force: [...new Set(forced.filter((name) => !OWN_REFUSALS.includes(name)))],
  };
  const step = checkpoint?.progress.step ?? 0;
  const limit = settings['max_steps'];
  if (typeof limit === 'number' && (limit < step || (maxSteps !== undefined && limit === step)))
    throw new Failure(
      'max-steps-reached',
      `The checkpoint stands at step ${step}, and the run shall end after step ${limit}.`,
      `Set max_steps above ${step}, or resume from an earlier checkpoint.`,
      2,
    );
  return settings;
}

/**
 * Compares the hashes in `run.json` with those of today.
 * @throws Failure `model-changed` or, unless forced, `data-changed` (exit code 2)
 */
export function requireSameInputs(
  recorded: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>>,
  force: readonly string[],
): void {
  const changed = INPUTS.filter(({ hash }) => recorded[hash] !== found[hash]);
  const name = (input: (typeof INPUTS)[number]): string => `${input.title} ${String(settings[input.key])}`;
  const model = changed.find(({ hash }) => hash === 'model');
  if (model)
    throw new Failure(
      'model-changed',
      `The ${name(model)} is not the one that this run trains: its weights or its configuration have changed.`,
      'Put the old model back, or train anew.',
      2,
    );
  if (changed.length === 0 || force.includes(DATA_CHANGED)) return;
  throw new Failure(
    DATA_CHANGED,
    `The ${changed.map(name).join(' and the ')} ${changed.length === 1 ? 'has' : 'have'} changed since this run began, so other records would follow than those that were planned.`,
    'Put the old data back, or train anew. To go on with the new data all the same: --force data-changed.',
    2,
  );
}

/** Steps of the checkpoints that the run in this folder can be resumed from. */
export function resumableSteps(path: string): number[] {
  return checkpointSteps(runFolderAt(path).checkpoints);
}

const INPUTS = [
  { hash: 'model', key: 'model', title: 'base model' },
  { hash: 'train', key: 'train_file', title: 'training data' },
  { hash: 'validation', key: 'validation_file', title: 'validation data' },
] as const;

/** As the trainer records them. */
async function hashInputs(settings: Readonly<Record<string, unknown>>): Promise<Record<string, string>> {
  const { model, train_file: train, validation_file: validation } = settings;
  return {
    model: openBaseModel(String(model)).hash(),
    train: await hashFile(String(train)),
    ...(typeof validation === 'string' && { validation: await hashFile(validation) }),
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure(
      'data-unreadable',
      code === 'ENOENT'
        ? `The data of this run is gone: there is no file ${path}.`
        : `${path} cannot be read (${code}).`,
      'Put the file back, or train anew.',
      2,
    );
  }
  return hash.digest('hex');
}
