import { Failure } from '../../common/failure';
import { ELEMENT_TYPES, READABLE_TYPES } from './element-types';
import { corruptFile, readExactly, truncated, withFile, type WeightsFormat } from './files';

/** Where a tensor lies. `shape` is row-major, outermost first, as in Hugging Face files: `[out, in]` for a linear layer. */
export interface TensorInfo {
  readonly name: string;
  /** A name in `ELEMENT_TYPES`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Absolute path, symbolic links resolved. */
  readonly file: string;
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The tensor of that name, or the failure `weights-missing-tensor`. */
export function requireTensor(
  base: { readonly path: string; readonly tensors: ReadonlyMap<string, TensorInfo> },
  name: string,
): TensorInfo {
  const info = base.tensors.get(name);
  if (info) return info;
  throw new Failure(
    'weights-missing-tensor',
    `${base.path} has no tensor "${name}".`,
    'The weights do not fit the configuration; download the model again.',
    2,
  );
}

/** Checks that no two tensors share bytes and that the file (of `size` bytes) holds all of them. */
export function checkRanges(
  format: WeightsFormat,
  path: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  size: number,
): void {
  let end = 0;
  let previous = '';
  for (const tensor of [...tensors.values()].filter((t) => t.bytes > 0).sort((a, b) => a.offset - b.offset)) {
    if (tensor.offset < end) throw corruptFile(format, path, `the tensors "${previous}" and "${tensor.name}" overlap`);
    end = tensor.offset + tensor.bytes;
    previous = tensor.name;
  }
  if (end > size) throw truncated(path, end, size, format);
}

/** Reads one tensor as float32, a few megabytes at a time, so that only the result is held whole. */
export function readFloats(info: TensorInfo): Float32Array {
  const type = ELEMENT_TYPES.get(info.dtype);
  if (!type?.decode)
    throw new Failure(
      'weights-type',
      `Tensor "${info.name}" in ${info.file} has the type ${info.dtype}, which cannot be used as weights.`,
      `Readable types are ${READABLE_TYPES.join(', ')}. Convert the model to one of them.`,
      2,
    );
  const target = new Float32Array(elementCount(info.shape));
  const { decode, blockBytes, blockElements } = type;
  withFile(info.file, (descriptor) => {
    if (info.dtype === 'F32') {
      readExactly(descriptor, info.file, new Uint8Array(target.buffer), info.offset);
      return;
    }
    const chunk = new Uint8Array(Math.min(info.bytes, CHUNK - (CHUNK % blockBytes)));
    for (let done = 0; done < info.bytes; done += chunk.length) {
      const bytes = chunk.subarray(0, Math.min(chunk.length, info.bytes - done));
      readExactly(descriptor, info.file, bytes, info.offset + done);
      const first = (done / blockBytes) * blockElements;
      decode(bytes, target.subarray(first, first + (bytes.length / blockBytes) * blockElements));
    }
  });
  return target;
}

const CHUNK = 4 << 20;
