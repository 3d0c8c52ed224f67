/** Writes a model as one GGUF file, which llama.cpp, Ollama and LM Studio run. */
import { setImmediate } from 'node:timers/promises';
import { Failure } from '../common/failure';
import type { Subject } from '../evaluation/subject';
import { writeFileInParts } from '../training/weights/files';
import { requireFloat16Range } from '../training/weights/half-form';
import { GGUF_ALIGNMENT, type GgufEntry, ggufHeader, paddedBytes, tensorBytes } from './gguf-file';
import { modelEntries } from './gguf-metadata';
import { type GgufTensor, ggufTensors } from './gguf-tensors';
import { FILE_TYPES, type GgufType, type QuantizerType, encoded, isQuantizerType } from './gguf-types';
import { tokenizerEntries } from './gguf-vocabulary';
import { quantize, requireQuantizer } from './quantizer';

export interface GgufOptions {
  readonly type: GgufType | QuantizerType;
  /** With the adapter in the weights; false: the base alone (rounded to NF4 where it was trained so). */
  readonly merged: boolean;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why the model cannot be written as GGUF; `undefined` where it can. Reads no weights. */
export function ggufSupport(subject: Pick<Subject, 'model' | 'checked'>): string | undefined {
  try {
    describe(subject);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/**
 * One tensor is held at a time; the file has its name only when it is whole. What llama.cpp's quantiser writes, it makes of a
 * file in F16.
 * @throws Failure `gguf-unsupported` (exit code 2), `float16-overflow` (2), `weights-not-finite` (2), `no-llama-quantize` (2),
 * `quantizer-failed`, `disk-full`, `write-failed`, what reading the base throws, and the reason of the signal
 */
export async function writeGguf(file: string, subject: Subject, options: GgufOptions): Promise<void> {
  const { type, merged, onProgress, signal } = options;
  if (isQuantizerType(type)) {
    const program = requireQuantizer(type);
    const source = `${file}.F16`;
    await writeGguf(source, subject, { ...options, type: 'F16' });
    await quantize(program, source, file, type, signal);
    return;
  }
  const entries = describe(subject);
  const tensors = ggufTensors(merged ? subject : { ...subject, adapter: undefined }, type);
  entries.push(['general.file_type', 'uint32', FILE_TYPES[type]]);
  if (type.startsWith('Q')) entries.push(['general.quantization_version', 'uint32', 2]);
  await writeTensors(file, entries, tensors, { onProgress, signal });
}

/** Metadata and tensors as one file; also an adapter is such a file. */
export async function writeTensors(
  file: string,
  entries: readonly GgufEntry[],
  tensors: readonly GgufTensor[],
  { onProgress, signal }: Pick<GgufOptions, 'onProgress' | 'signal'>,
): Promise<void> {
  const header = ggufHeader(entries, tensors);
  const total = tensors.reduce((sum, tensor) => sum + paddedBytes(tensor), header.length);
  await writeFileInParts(file, total, async (write) => {
    write(header);
    let done = header.length;
    for (const tensor of tensors) {
      // So that a request to stop arrives.
      await setImmediate();
      signal?.throwIfAborted();
      const values = tensor.read();
      requireWritable(tensor, values);
      for (const bytes of encoded(values, tensor.type)) write(bytes);
      write(new Uint8Array(paddedBytes(tensor) - tensorBytes(tensor)));
      done += paddedBytes(tensor);
      onProgress?.(done, total);
    }
  });
}

function describe(subject: Pick<Subject, 'model' | 'checked'>): GgufEntry[] {
  return [...modelEntries(subject), ['general.alignment', 'uint32', GGUF_ALIGNMENT], ...tokenizerEntries(subject)];
}

/** llama.cpp loads weights that are no numbers without a word, and then writes nonsense. */
function requireWritable({ name, type }: GgufTensor, values: Float32Array): void {
  for (const value of values)
    if (!Number.isFinite(value))
      throw new Failure(
        'weights-not-finite',
        `The weight "${name}" holds ${value}, so the model computes nothing usable.`,
        'Train again with a smaller learning_rate, or download the base model again.',
        2,
      );
  if (type === 'F16') requireFloat16Range(name, values, 'Write the file in F32 or Q8_0.');
}
