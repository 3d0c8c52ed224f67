/** What the card of an exported model says of the run that made it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type EvaluationReport, REPORT_VERSION } from '../evaluation/report';
import type { TunedRun } from '../evaluation/subject';
import { readEvents } from '../training/run-folder';
import { resolveDefaults } from '../training/settings';
import type { BaseModel } from '../training/weights/base-model';
import { readJsonObject } from '../training/weights/json-file';
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
  const evaluation = newestReport(join(path, 'evaluation'));
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

function newestReport(folder: string): EvaluationReport | undefined {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return undefined;
  }
  const reports = names.flatMap((name) => readReport(join(folder, name)) ?? []);
  return reports.sort((a, b) => a.created.localeCompare(b.created)).at(-1);
}

/** `undefined` for other files, and for reports of another version. */
function readReport(file: string): EvaluationReport | undefined {
  try {
    const value: Partial<EvaluationReport> = readJsonObject(file);
    return value.version === REPORT_VERSION && Array.isArray(value.metrics) && typeof value.created === 'string'
      ? (value as EvaluationReport)
      : undefined;
  } catch {
    return undefined;
  }
}
