/** A model as a Hugging Face folder that needs no adapter. */
import { setImmediate } from 'node:timers/promises';
import type { Subject } from '../evaluation/subject';
import { saveHuggingFaceModel } from '../training/weights/save-model';
import type { FloatType } from '../training/weights/safetensors';
import { modelFiles } from './carried-files';
import { mergedTensor } from './merge';
import { trainedTemplateText } from './template-text';

/** As Hugging Face splits weights. */
export const MAX_SHARD_BYTES = 5e9;

export interface MergedOptions {
  readonly dtype: FloatType;
  readonly maxShardBytes: number;
  /** Content of the README.md. */
  readonly card: string;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Base, rounding and adapter put together, one tensor at a time; tokenizer and trained chat template; how to generate; the
 * terms of the base. Fails as `saveHuggingFaceModel` does, and with the reason of `signal`.
 */
export async function writeMerged(folder: string, subject: Subject, options: MergedOptions): Promise<void> {
  const { dtype, maxShardBytes, card, onProgress, signal } = options;
  await saveHuggingFaceModel(folder, subject.model, (name) => mergedTensor(subject, name), {
    dtype,
    maxShardBytes,
    files: [...modelFiles(subject, trainedTemplateText(subject)), { name: 'README.md', content: card }],
    onProgress: async (doneBytes, totalBytes) => {
      onProgress(doneBytes, totalBytes);
      await setImmediate();
      signal.throwIfAborted();
    },
  });
}
