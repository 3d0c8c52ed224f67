/** What the card of an exported model says of the run that made it. */
import { join } from 'node:path';
import { readReports } from '../evaluation/report-files';
import type { TunedRun } from '../evaluation/subject';
import { readEvents } from '../training/run-folder';
import { resolveDefaults } from '../training/settings';
import type { BaseModel } from '../training/weights/base-model';
import type { TrainingFacts } from './model-card';

/** @param checkpoint the step whose weights are exported; undefined: the result */
export function runFacts({ path, file, settings }: TunedRun, base: BaseModel, checkpoint?: number): TrainingFacts {
  const events = readEvents(path);
  const end = events.findLast((event) => event.type === 'completed' || event.type === 'stopped');
  const last = end?.type === 'completed' ? (end.metrics.bestStep ?? end.step) : (end?.step ?? 0);
  const step = checkpoint ?? last;
  const evaluated = events.findLast((event) => event.type === 'evaluation' && event.step === step);
  const trained = events.findLast((event) => event.type === 'metrics' && event.step === step);
  const started = events.findLast((event) => event.type === 'started');
  const evaluation = readReports(join(path, 'evaluation'))[0];
  return {
    base,
    // All numbers are in run.json; only the types do not know it.
    settings: resolveDefaults(settings, { stepsPerEpoch: 1, physicalCores: 1, name: file.name }),
    hashes: file.hashes ?? {},
    trainExamples: started?.trainExamples ?? 0,
    step,
    loss: trained?.type === 'metrics' ? trained.loss : null,
    validationLoss: evaluated?.type === 'evaluation' ? evaluated.loss : null,
    // An evaluation of other weights says nothing of these.
    ...(evaluation && (evaluation.step === step || evaluation.step === null) && { evaluation }),
  };
}
