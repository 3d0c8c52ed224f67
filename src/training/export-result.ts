import { join } from 'node:path';
import { modelCard, writeAdapter } from '../export/peft';
import type { LoopResult } from './loop';
import type { Parameter } from './optimizer';
import type { RunFolder } from './run-folder';
import type { ResolvedSettings } from './settings';
import type { BaseModel } from './weights/base-model';
import { writeFileAtomically } from './weights/files';
import { saveHuggingFaceModel } from './weights/save-model';

/** The weights of the best evaluation where there was one; the last ones without validation or when the run was stopped. */
export function exportResult(
  folder: RunFolder,
  parameters: readonly Parameter[],
  result: LoopResult,
  facts: { base: BaseModel; settings: ResolvedSettings; hashes: Record<string, string>; trainExamples: number },
): string {
  const { step, loss, bestLoss } = result;
  const completed = result.outcome !== 'stopped';
  const best = completed ? result.best : undefined;
  const bestStep = completed ? result.bestStep : null;
  const kept = parameters.map((p) => ({ ...p, data: best?.get(p.name) ?? p.data }));
  const card = { ...facts, step: bestStep ?? step, loss, validationLoss: bestLoss };
  if (facts.settings.method !== 'full') {
    writeAdapter(folder.adapter, kept, card);
    return folder.adapter;
  }
  const model = join(folder.path, 'model');
  saveHuggingFaceModel(model, facts.base, new Map(kept.map(({ name, data }) => [name, data])), 'F32');
  const text = Buffer.from(modelCard(card));
  writeFileAtomically(join(model, 'README.md'), text.length, (write) => write(text));
  return model;
}
