/**
 * DoRA (Liu et al. 2024), names and rules as in Hugging Face PEFT: each row of W + scale·B·A is brought to a length that is
 * trained. The row's own length counts as a constant in the derivative (section 4.3 of the paper).
 */
import * as f from '../graph/functions';
import type { Graph, Value } from '../graph/graph';
import { type LoraConfig, loraScale } from './lora';

export interface DoraLayer {
  /** x [rows, in] → x · Wᵀ */
  readonly product: (x: Value) => Value;
  /** Squared lengths of the rows of W, [out, 1]. */
  readonly squares: Value;
  readonly a: Value;
  readonly b: Value;
  /** The trained lengths, [out]. */
  readonly magnitude: Value;
}

export const magnitudeName = (module: string): string => `base_model.model.${module}.lora_magnitude_vector`;

/**
 * Where the training of the lengths begins: with those of the rows of W [out, in], since B [out, r] is zero then. Where a
 * row of W is zero as well, as some are in many models, PEFT would divide by zero: there B is moved a little, in place.
 */
export function startMagnitude(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  config: LoraConfig,
): Float32Array {
  const lengths = rowLengths(weight, b.length / config.r);
  const moved = loraScale(config) * NUDGE * rowLengths(a, config.r)[0]!;
  lengths.forEach((length, row) => {
    if (length > 0) return;
    b[row * config.r] = NUDGE;
    lengths[row] = moved;
  });
  return lengths;
}
const NUDGE = 1e-4;

function rowLengths(weight: Float32Array, outFeatures: number): Float32Array {
  const width = weight.length / outFeatures;
  return new Float32Array(outFeatures).map((_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += weight[i]! * weight[i]!;
    return Math.sqrt(sum);
  });
}

/** An adapter from elsewhere may leave rows of zeros: they stay zero. To other lengths it adds nothing in float32. */
const SMALLEST = 1e-20;

/**
 * magnitude / ‖W + scale·B·A‖ ∘ y, row by row of W, for y [rows, out] = x·(W + scale·B·A)ᵀ. The lengths come from the narrow
 * products, so that W + scale·B·A itself is never made: ‖W + cBA‖² = ‖W‖² + Σ B ∘ (2c·W·Aᵀ + c²·B·(A·Aᵀ)).
 */
export function withMagnitude(g: Graph, y: Value, layer: DoraLayer, config: LoraConfig): Value {
  const { a, b, magnitude } = layer;
  const c = loraScale(config);
  const cross = g.multiply(g.transpose(layer.product(a), [1, 0]), g.scalar(2 * c));
  const own = g.multiply(g.gemm(b, g.gemm(a, a, { transposeB: true })), g.scalar(c * c));
  const added = g.reduce('sum', g.multiply(b, g.add(cross, own)), [1]);
  const outFeatures = magnitude.shape[0]!;
  const lengths = g.reshape(g.sqrt(g.add(g.add(layer.squares, added), g.scalar(SMALLEST))), [1, outFeatures]);
  const factor = g.divide(g.reshape(magnitude, [1, outFeatures]), lengths);
  return g.differentiable(g.multiply(y, factor), [y, magnitude], (dy) => [
    g.multiply(dy, factor),
    g.reshape(g.divide(g.reduce('sum', g.multiply(dy, y), [0]), lengths), magnitude.shape),
  ]);
}

/**
 * What a layer adds when its inputs are dropped: PEFT scales only what came through the dropout and leaves base(x) whole.
 * `y` is x · Wᵀ, `dropped` the input behind the dropout, `branch` what LoRA makes of it.
 */
export function withDroppedMagnitude(
  g: Graph,
  y: Value,
  dropped: Value,
  branch: Value,
  layer: DoraLayer,
  config: LoraConfig,
): Value {
  const base = layer.product(dropped);
  const scaled = withMagnitude(g, f.add(g, base, branch), layer, config);
  return f.add(g, f.subtract(g, y, base), scaled);
}
