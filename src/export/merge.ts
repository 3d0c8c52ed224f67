/** What a model computes with, as one matrix: base, rounding and adapter put together. */
import type { Subject } from '../evaluation/subject';
import { magnitudeName } from '../training/adapters/dora';
import { loraName, loraScale } from '../training/adapters/lora';
import { linearModules } from '../training/models/tensors';
import { throughNf4 } from '../training/weights/nf4';

/** The part of a `Subject` that decides its weights. */
export type Merged = Pick<Subject, 'model' | 'adapter' | 'nf4'> & {
  readonly checked: Pick<Subject['checked'], 'config'>;
};

/**
 * The tensor of the base [out, in] with everything in it that the subject adds: rounded to NF4 where the base was kept
 * so in training, W + scale·B·A (LoRA), brought to the trained row lengths (DoRA, as PEFT merges it). Sums are made in
 * float64 and rounded once. Tensors that the adapter does not touch are those of the base.
 */
export function mergedTensor({ model, checked, adapter, nf4 }: Merged, name: string): Float32Array {
  const stored = model.readTensor(name);
  const linear = linearModules(checked.config).find(({ module }) => `${module}.weight` === name);
  if (!linear) return stored;
  const weight = nf4 ? throughNf4(stored, nf4.doubleQuant) : stored;
  if (!adapter) return weight;
  const part = (wanted: string): Float32Array | undefined =>
    adapter.parameters.find((parameter) => parameter.name === wanted)?.data;
  const [a, b] = [part(loraName(linear.module, 'A')), part(loraName(linear.module, 'B'))];
  if (!a || !b) return weight;
  return merge(weight, a, b, part(magnitudeName(linear.module)), adapter.lora.r, loraScale(adapter.lora));
}

/** W [out, in], A [r, in], B [out, r], magnitude [out]. */
function merge(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  magnitude: Float32Array | undefined,
  r: number,
  scale: number,
): Float32Array {
  const width = a.length / r;
  const merged = new Float32Array(weight.length);
  const row = new Float64Array(width);
  for (let out = 0; out * width < weight.length; out++) {
    row.set(weight.subarray(out * width, (out + 1) * width));
    for (let k = 0; k < r; k++) {
      const factor = scale * b[out * r + k]!;
      const at = k * width;
      for (let i = 0; i < width; i++) row[i]! += factor * a[at + i]!;
    }
    if (magnitude) stretch(row, magnitude[out]!);
    merged.set(row, out * width);
  }
  return merged;
}

/** Brings a row to a length; a row of zeros stays one, as in training. */
function stretch(row: Float64Array, length: number): void {
  let squares = 0;
  for (const value of row) squares += value * value;
  if (squares === 0) return;
  const factor = length / Math.sqrt(squares);
  for (let i = 0; i < row.length; i++) row[i]! *= factor;
}
