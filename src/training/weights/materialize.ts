import type { BaseModel, ByteRange } from './base-model';
import { writeFileAtomically } from './files';
import { requireTensor } from './tensor-info';

export interface WeightLocation extends ByteRange {
  readonly shape: readonly number[];
}

/** Allocation granularity that keeps vector loads and memory maps aligned. */
const ALIGNMENT = 64;

/**
 * Gives every named tensor a place on disk as little-endian float32. Tensors that are usable in place keep theirs;
 * the others are converted into `targetFile` (raw bytes, each tensor at a multiple of 64), one tensor at a time.
 * `targetFile` is written only when there is such a tensor. Fails with `disk-full`, leaving no file behind.
 */
export function materializeWeights(
  base: BaseModel,
  names: Iterable<string>,
  targetFile: string,
): Map<string, WeightLocation> {
  const locations = new Map<string, WeightLocation>();
  const converted: string[] = [];
  let end = 0;
  for (const name of new Set(names)) {
    const { shape } = requireTensor(base, name);
    const place = base.inPlace(name);
    if (place) {
      locations.set(name, { ...place, shape });
      continue;
    }
    const bytes = 4 * shape.reduce((product, size) => product * size, 1);
    const offset = aligned(end);
    locations.set(name, { file: targetFile, offset, bytes, shape });
    converted.push(name);
    end = offset + bytes;
  }
  if (converted.length === 0) return locations;
  writeFileAtomically(targetFile, end, (write) => {
    let at = 0;
    for (const name of converted) {
      const floats = base.readTensor(name);
      write(new Uint8Array(aligned(at) - at));
      write(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
      at = aligned(at) + floats.byteLength;
    }
  });
  return locations;
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
