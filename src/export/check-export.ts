/** Opens what was exported as its readers will, and compares it with the trained model. */
import { join } from 'node:path';
import { cachedGguf } from '../evaluation/generation/gguf-cache';
import { openLlamaGenerator } from '../evaluation/generation/llama/client';
import { llamaPackage, missingLlama } from '../evaluation/generation/llama/installed';
import { type Subject, type Subjects, openSubjects } from '../evaluation/subject';
import { physicalCores } from '../training/cores';
import { findNode } from '../training/launcher';
import { checkTexts } from './check-texts';
import type { ExportContext } from './export';
import { type ExportType, type Target, weightTypeOf } from './export-types';
import { type Verification, scoreTexts, verifyByGenerator, verifyBySession } from './verify';

export interface Exported {
  readonly to: Target;
  readonly type: ExportType;
  /** Where the files are now. */
  readonly draft: string;
  readonly scratch: string;
  /** A GGUF adapter lies beside the base, or will. */
  readonly apart: boolean;
}

export interface CheckOutcome {
  readonly verification: Verification | null;
  readonly note: string | null;
}

export async function checkExport(
  subjects: Subjects,
  { to, type, draft, scratch, apart }: Exported,
  { onProgress, signal }: ExportContext,
): Promise<CheckOutcome> {
  const subject = subjects.tuned ?? subjects.base;
  const inGguf = to !== 'peft' && to !== 'merged';
  const missing = inGguf ? missingLlama() : undefined;
  if (missing !== undefined && apart)
    return { verification: null, note: `${missing}, and only llama.cpp can run an adapter in GGUF` };
  const step = (done: number): void => onProgress({ phase: 'check', doneBytes: done, totalBytes: 2 });
  step(0);
  const texts = checkTexts(subject, subjects.run);
  const trained = await scoreTexts(subject, texts.texts, scratch, signal);
  signal.throwIfAborted();
  step(1);
  const weightType = weightTypeOf(type);
  const note = missing === undefined ? null : `${missing}; the file was read again and run by our own engine`;
  if (!inGguf || missing !== undefined) {
    const exported = reopened(subject, to, draft);
    return { verification: await verifyBySession(trained, exported, weightType, texts, scratch, signal), note };
  }
  const file = (name: string): string => join(draft, name);
  const model =
    to === 'gguf-lora' ? await cachedGguf({ ...subject, adapter: undefined }, false, { signal }) : file('model.gguf');
  const generator = await openLlamaGenerator({
    nodePath: await findNode(),
    childPath: llamaPackage().childPath,
    model,
    adapter: apart ? file('adapter.gguf') : undefined,
    contextLength: Math.max(...texts.texts.map(({ tokens }) => tokens.length)) + 1,
    sequences: 1,
    gpu: false,
    threads: physicalCores(),
    stops: [],
    decode: () => '',
    signal,
  });
  try {
    return { verification: await verifyByGenerator(trained, generator, weightType, texts, signal), note };
  } finally {
    await generator.dispose();
  }
}

/** The exported model by our own readers; an adapter over the base as it was in training. */
function reopened(subject: Subject, to: Target, draft: string): Subject {
  if (to === 'peft') {
    const { tuned } = openSubjects(draft, { model: subject.model.path });
    return { ...tuned!, nf4: subject.nf4 };
  }
  return openSubjects(to === 'merged' ? draft : join(draft, 'model.gguf')).base;
}
