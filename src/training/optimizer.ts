/** AdamW (Loshchilov & Hutter 2019) over typed arrays, as torch.optim.AdamW computes it. State is a value that can be saved. */

export interface OptimizerOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Multiple of the learning rate at which it learns; 1 where it is left out. */
  readonly rateFactor?: number;
  /** Whether weight decay applies. Where it is left out: to all but vectors, which are norms and biases. */
  readonly decays?: boolean;
}

export interface OptimizerState {
  /** Updates done so far. */
  step: number;
  /** First and second moments, by parameter name. */
  readonly moments: ReadonlyMap<string, { readonly m: Float32Array; readonly v: Float32Array }>;
}

export function createOptimizerState(parameters: readonly Parameter[]): OptimizerState {
  return {
    step: 0,
    moments: new Map(
      parameters.map(({ name, data }) => [
        name,
        { m: new Float32Array(data.length), v: new Float32Array(data.length) },
      ]),
    ),
  };
}

/** One update in place. Gradients are multiplied by `gradientScale` (mean over tokens, clipping) on the way. */
export function adamW(
  parameters: readonly Parameter[],
  gradients: ReadonlyMap<string, Float32Array>,
  gradientScale: number,
  state: OptimizerState,
  learningRate: number,
  options: OptimizerOptions,
): void {
  const { beta1, beta2, epsilon, weightDecay } = options;
  state.step++;
  const correction = 1 - beta1 ** state.step;
  const root = Math.sqrt(1 - beta2 ** state.step);
  for (const { name, shape, data, rateFactor = 1, decays = shape.length > 1 } of parameters) {
    const ownRate = learningRate * rateFactor;
    const rate = ownRate / correction;
    const gradient = gradients.get(name)!;
    const { m, v } = state.moments.get(name)!;
    const keep = decays ? 1 - ownRate * weightDecay : 1;
    for (let i = 0; i < data.length; i++) {
      const g = gradient[i]! * gradientScale;
      const mi = (m[i] = beta1 * m[i]! + (1 - beta1) * g);
      const vi = (v[i] = beta2 * v[i]! + (1 - beta2) * g * g);
      data[i] = data[i]! * keep - (rate * mi) / (Math.sqrt(vi) / root + epsilon);
    }
  }
}

/** Sum of squares of all gradients, in double precision. */
export function squaredNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  return sum;
}
