import type { DataType } from '../graph/graph';
import type { BaseModel, ByteRange, NumberType } from './base-model';
import { writeFileAtomically } from './files';
import { elementCount, requireTensor } from './tensor-info';

export interface StoredTensor extends ByteRange {
  readonly dataType: DataType;
}

/** How a weight is kept where it is not used in place: as which tensors, and how these are made from its numbers. */
export interface StoredForm {
  readonly tensors: readonly { readonly name: string; readonly dataType: DataType; readonly bytes: number }[];
  /** Its only tensor is this type of numbers, and stays where it is when the file has it so. */
  readonly numbers?: NumberType;
  /** In the order of `tensors`. */
  encode(numbers: Float32Array): readonly (Float32Array | Uint16Array | Uint8Array)[];
}

export interface MaterializeOptions {
  /** The form of a weight; undefined: float32, in place where that is possible. */
  readonly formOf?: (name: string, shape: readonly number[]) => StoredForm | undefined;
  /** Counts the weights that are converted. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Allocation granularity that keeps vector loads and memory maps aligned. */
const ALIGNMENT = 64;

/**
 * Gives every named tensor a place on disk, little endian. Tensors that are usable in place keep theirs; the others are converted into `targetFile` (raw bytes, each tensor at a multiple of 64), one weight at a time.
 * `targetFile` is written only when there is such a tensor. Fails with `disk-full`, leaving no file behind.
 */
export function materializeWeights(
  base: Pick<BaseModel, 'path' | 'tensors' | 'readTensor' | 'inPlace'>,
  names: Iterable<string>,
  targetFile: string,
  { formOf, onProgress }: MaterializeOptions = {},
): Map<string, StoredTensor> {
  const locations = new Map<string, StoredTensor>();
  const converted: { readonly name: string; readonly form: StoredForm }[] = [];
  let end = 0;
  for (const name of new Set(names)) {
    const { shape } = requireTensor(base, name);
    const form = formOf?.(name, shape) ?? float32Form(name, shape);
    const place = form.numbers && base.inPlace(name, form.numbers);
    if (place) {
      locations.set(name, { ...place, dataType: form.tensors[0]!.dataType });
      continue;
    }
    converted.push({ name, form });
    for (const { name: part, dataType, bytes } of form.tensors) {
      locations.set(part, { file: targetFile, offset: aligned(end), bytes, dataType });
      end = aligned(end) + bytes;
    }
  }
  if (converted.length === 0) return locations;
  writeFileAtomically(targetFile, end, (write) => {
    let at = 0;
    converted.forEach(({ name, form }, i) => {
      for (const data of form.encode(base.readTensor(name))) {
        write(new Uint8Array(aligned(at) - at));
        write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        at = aligned(at) + data.byteLength;
      }
      onProgress?.(i + 1, converted.length);
    });
  });
  return locations;
}

function float32Form(name: string, shape: readonly number[]): StoredForm {
  return {
    tensors: [{ name, dataType: 'float32', bytes: 4 * elementCount(shape) }],
    numbers: 'F32',
    encode: (numbers) => [numbers],
  };
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
