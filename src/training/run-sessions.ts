/** The compiled model of a run: for its steps, for its evaluations, and for the reference of DPO. */
import { join } from 'node:path';
import { locateWeights, weightForms } from './base';
import { createCollator } from './batches';
import type { Engine } from './engines/engine';
import { createEngine } from './engines/create-engine';
import type { Parameter } from './optimizer';
import { trainingOf } from './parameters';
import type { RunPlan } from './plan-run';
import type { References } from './preference';
import type { EventBody } from './protocol';
import { loadReferences } from './references';
import {
  type EvaluationSession,
  type SessionOptions,
  type TrainingSession,
  createEvaluationSession,
  createTrainingSession,
} from './session';

export interface RunSessions {
  readonly session: TrainingSession;
  /** Where there is validation data. */
  readonly evaluation: EvaluationSession | undefined;
  /** What both were made of. */
  readonly options: SessionOptions;
}

/** @param scratch file for the weights that cannot be used in place; the caller removes it */
export async function openSessions(
  { base, checked: { config, tensors }, data, settings, layout }: RunPlan,
  engine: Engine,
  parameters: readonly Parameter[],
  scratch: string,
  report: (event: EventBody) => void,
): Promise<RunSessions> {
  const weights =
    settings.method === 'full'
      ? NO_WEIGHTS
      : locateWeights(base, tensors, scratch, {
          formOf: weightForms(config, settings, base),
          onProgress: (done, total) =>
            report({ type: 'progress', phase: 'compile', done, total, unit: 'weights converted' }),
        });
  const options = {
    engine,
    weights,
    config,
    training: trainingOf(settings),
    neftuneAlpha: settings.neftune_noise_alpha,
    labelSmoothing: settings.label_smoothing_factor,
    beta: settings.objective === 'dpo' ? settings.beta : undefined,
    memory: settings.memory,
    ...layout,
  };
  const session = await createTrainingSession(options, parameters);
  // The evaluation reads the weights where they are mapped: a second packed copy would cost more than it gains.
  const evaluation =
    data.validation.length > 0
      ? await createEvaluationSession({ ...options, engine: createEngine(settings, false) }, parameters)
      : undefined;
  return { session, evaluation, options };
}

/** Weights that are trained are inputs; the base then has nothing to look up. */
const NO_WEIGHTS = {
  location: (name: string): never => {
    throw new Error(`${name} is trained, not looked up.`);
  },
};

/**
 * What the model says of the pairs before the first step.
 * @param startParameters the trained tensors as they are then
 */
export function referencesOf(
  { checked: { config, padId }, data, hashes, settings, layout }: RunPlan,
  options: SessionOptions,
  startParameters: () => readonly Parameter[],
  runPath: string,
  report: (event: EventBody) => void,
  stopRequested: () => boolean,
): Promise<References> {
  return loadReferences({
    file: join(runPath, 'reference.json'),
    hashes: { ...hashes, method: settings.method },
    examples: [...data.train, ...data.validation],
    batchSize: settings.batch_size,
    collate: createCollator({ config, padId, ...layout }),
    open: () => createEvaluationSession({ ...options, engine: createEngine(settings, false) }, startParameters()),
    onProgress: (done, total) => report({ type: 'progress', phase: 'reference', done, total, unit: 'batches' }),
    stopRequested,
  });
}
