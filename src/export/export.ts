/** Takes a trained model out: writes it in one of the forms that others read, and checks what was written. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Subject, Subjects } from '../evaluation/subject';
import { writeFailure } from '../training/weights/files';
import type { FloatType } from '../training/weights/safetensors';
import { checkExport } from './check-export';
import { type Sources, openExportFolder } from './export-folder';
import { type ExportType, type Target, typeFor } from './export-types';
import { licenceFiles } from './licence';
import { type CardKind, modelCard, plainCard } from './model-card';
import { writeGguf } from './gguf';
import { writeGgufAdapter } from './gguf-adapter';
import { writeMerged } from './merged';
import { modelfile } from './ollama';
import { writeAdapterFolder } from './peft';
import { runFacts } from './run-facts';
import { trainedTemplateText } from './template-text';
import type { Verification } from './verify';

export interface ExportRequest {
  readonly to: Target;
  /** Absolute. */
  readonly folder: string;
  /** What the target allows; undefined: what suits the base. */
  readonly type?: string | undefined;
  /** Replace an earlier export. */
  readonly force: boolean;
  readonly maxShardBytes: number;
  readonly check: boolean;
  /** For Ollama: base and adapter as two files. */
  readonly adapterApart: boolean;
  /** The step whose weights the subjects hold, where it is not the result of the run. */
  readonly checkpoint?: number | undefined;
}

export interface ExportProgress {
  readonly phase: 'write' | 'check';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ExportContext {
  readonly onProgress: (progress: ExportProgress) => void;
  readonly signal: AbortSignal;
}

export interface ExportResult {
  readonly to: Target;
  /** Absolute. */
  readonly folder: string;
  readonly weights: ExportType;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** `null`: nothing was compared. */
  readonly verification: Verification | null;
  /** Why nothing was compared, or not with what was wanted. */
  readonly checkNote: string | null;
  /** What the reader must know. */
  readonly notes: readonly string[];
}

/**
 * Nothing is left of an export that fails or is cancelled. Where only the check fails, the files stay, with a note beside
 * them.
 * @throws Failure of `openExportFolder`, `typeFor`, the writers; the reason of the signal
 */
export async function exportModel(
  subjects: Subjects,
  request: ExportRequest,
  context: ExportContext,
): Promise<ExportResult> {
  const { to, folder, check } = request;
  const subject = subjects.tuned ?? subjects.base;
  const type = typeFor(to, request.type, subjects);
  const target = openExportFolder(folder, sourcesOf(subjects), request.force);
  try {
    const notes = await writeTarget(target.draft, subjects, subject, type, request, context);
    // So that a request to stop is heard.
    await setImmediate();
    context.signal.throwIfAborted();
    const apart = to === 'gguf-lora' || (to === 'ollama' && request.adapterApart);
    const checked = check
      ? await checkExport(subjects, { ...target, to, type, apart }, context)
      : { verification: null, note: 'not asked for (--no-check)' };
    if (checked.verification?.passed === false) writeWarning(target.draft, checked.verification);
    target.finish();
    return {
      to,
      folder,
      weights: type,
      files: readdirSync(folder).map((name) => ({ name, bytes: statSync(join(folder, name)).size })),
      verification: checked.verification,
      checkNote: checked.note,
      notes,
    };
  } catch (error) {
    target.discard();
    throw error;
  }
}

/** @returns notes for the reader */
async function writeTarget(
  folder: string,
  subjects: Subjects,
  subject: Subject,
  type: ExportType,
  { to, maxShardBytes, adapterApart, checkpoint }: ExportRequest,
  { onProgress, signal }: ExportContext,
): Promise<readonly string[]> {
  const progress = (doneBytes: number, totalBytes: number): void =>
    onProgress({ phase: 'write', doneBytes, totalBytes });
  const card = (kind: CardKind, note = ''): string => cardOf(subjects, kind, note, checkpoint);
  if (to === 'peft') {
    const { model, adapter } = subject;
    const { parameters, lora } = adapter!;
    const dropout = subjects.run?.settings.lora_dropout ?? 0;
    const template = trainedTemplateText(subject);
    writeAdapterFolder(folder, {
      base: model,
      parameters,
      lora: { ...lora, dropout },
      template,
      card: card('adapter'),
    });
    return [];
  }
  const kind = subject.adapter ? 'merged' : 'full';
  const rounding = subject.nf4
    ? 'It was trained over the base rounded to 4 bits (NF4), and its weights hold that rounding.'
    : '';
  if (to === 'merged') {
    const dtype = SAFETENSORS_TYPES[type]!;
    await writeMerged(folder, subject, {
      dtype,
      maxShardBytes,
      card: card(kind, rounding),
      onProgress: progress,
      signal,
    });
    return rounding === '' ? [] : [rounding];
  }
  for (const { name, content } of licenceFiles(subject.model)) writeText(join(folder, name), content);
  writeText(join(folder, 'README.md'), card(kind, rounding));
  const ggufType = type as Exclude<ExportType, keyof typeof SAFETENSORS_TYPES>;
  if (to === 'gguf-lora') {
    await writeGgufAdapter(join(folder, 'adapter.gguf'), subject);
    return subject.nf4 ? [ROUNDED_BASE] : [];
  }
  // First, since it may say that the template cannot be expressed.
  const adapter = to === 'ollama' && adapterApart ? 'adapter.gguf' : undefined;
  const ollama = to === 'ollama' ? modelfile(subject, { model: 'model.gguf', adapter, run: subjects.run }) : undefined;
  const options = { type: ggufType, merged: adapter === undefined, onProgress: progress, signal };
  await writeGguf(join(folder, 'model.gguf'), subject, options);
  if (adapter !== undefined) await writeGgufAdapter(join(folder, adapter), subject);
  if (ollama) writeText(join(folder, 'Modelfile'), ollama.text);
  return [...(rounding === '' ? [] : [rounding]), ...(ollama?.notes ?? [])];
}

const ROUNDED_BASE =
  'The adapter was trained over the base rounded to 4 bits (NF4). Over another form of the base its answers differ a little.';

const SAFETENSORS_TYPES: Readonly<Partial<Record<ExportType, FloatType>>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
};

function cardOf({ name, base, run }: Subjects, kind: CardKind, note: string, checkpoint: number | undefined): string {
  return run ? modelCard(runFacts(run, base.model, checkpoint), kind, note) : plainCard(base.model, name, kind, note);
}

/** What must not be written into. */
function sourcesOf({ base, tuned, run }: Subjects): Sources[] {
  return [
    { path: base.model.path, what: 'the base model' },
    ...(tuned ? [{ path: tuned.adapter?.folder ?? tuned.model.path, what: 'the trained model' }] : []),
    ...(run ? [{ path: join(run.path, 'checkpoints'), what: 'the checkpoints' }] : []),
  ].filter(({ path }) => path !== run?.path);
}

function writeWarning(folder: string, { maxDifference }: Verification): void {
  writeText(
    join(folder, 'CHECK-FAILED.txt'),
    `The model in this folder does not compute what was trained: log-probabilities differ by up to ${maxDifference ?? 'NaN'}.\n`,
  );
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw writeFailure(error, dirname(file), text.length);
  }
}
