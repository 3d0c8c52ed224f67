import { join } from 'node:path';
import { modelFiles } from '../export/carried-files';
import { modelCard } from '../export/model-card';
import { writeAdapter } from '../export/peft';
import { trainedTemplateText } from '../export/template-text';
import type { CheckedBase } from './base';
import type { LoopResult } from './loop';
import type { Parameter } from './optimizer';
import type { RunFolder } from './run-folder';
import type { ResolvedSettings } from './settings';
import type { BaseModel } from './weights/base-model';
import { saveHuggingFaceModel } from './weights/save-model';

interface ResultFacts {
  readonly base: BaseModel;
  readonly checked: CheckedBase;
  readonly settings: ResolvedSettings;
  readonly hashes: Readonly<Record<string, string>>;
  readonly trainExamples: number;
}

/** The weights of the best evaluation where there was one; the last ones without validation or when the run was stopped. */
export async function exportResult(
  folder: RunFolder,
  parameters: readonly Parameter[],
  result: LoopResult,
  { checked, ...facts }: ResultFacts,
): Promise<string> {
  const { step, loss, bestLoss } = result;
  const completed = result.outcome !== 'stopped';
  const best = completed ? result.best : undefined;
  const bestStep = completed ? result.bestStep : null;
  const kept = parameters.map((p) => ({ ...p, data: best?.get(p.name) ?? p.data }));
  const template = trainedTemplateText({ model: facts.base, checked });
  const card = { ...facts, template, step: bestStep ?? step, loss, validationLoss: bestLoss };
  if (facts.settings.method !== 'full') {
    writeAdapter(folder.adapter, kept, card);
    return folder.adapter;
  }
  const model = join(folder.path, 'model');
  const trained = new Map(kept.map(({ name, data }) => [name, data]));
  const { base } = facts;
  // Frozen tensors are the base's.
  await saveHuggingFaceModel(model, base, (name) => trained.get(name) ?? base.readTensor(name), {
    dtype: 'F32',
    files: [...modelFiles({ model: base, checked }, template), { name: 'README.md', content: modelCard(card) }],
  });
  return model;
}
