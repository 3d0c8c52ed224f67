/** Reverse-mode differentiation: what was noted down on the way forward, read backwards. */
import type { Value } from './graph';

/** How the gradient of an output becomes gradients of inputs. `needs[i]` is false where nobody asks for input i's. */
export type Derivative = (gradient: Value, needs: readonly boolean[]) => readonly (Value | undefined)[];

export interface TapeEntry {
  readonly outputs: readonly Value[];
  readonly inputs: readonly Value[];
  readonly derivative: (gradients: readonly Value[], needs: readonly boolean[]) => readonly (Value | undefined)[];
}

/** Gradients of `output` with respect to `targets`, in their order; `seed` is the output's own. */
export function reverse(
  tape: readonly TapeEntry[],
  output: Value,
  seed: Value,
  targets: readonly Value[],
  add: (a: Value, b: Value) => Value,
): Value[] {
  const wanted = new Set(targets.map((t) => t.id));
  for (const { outputs, inputs } of tape)
    if (inputs.some((i) => wanted.has(i.id))) for (const output of outputs) wanted.add(output.id);
  const gradients = new Map<number, Value>([[output.id, seed]]);
  for (const { outputs, inputs, derivative } of [...tape].reverse()) {
    const known = outputs.flatMap((output) => gradients.get(output.id) ?? []);
    if (known.length === 0 || !wanted.has(outputs[0]!.id)) continue;
    if (known.length < outputs.length) throw new Error('The loss depends on some parts of a value only.');
    const needs = inputs.map((i) => wanted.has(i.id));
    derivative(known, needs).forEach((g, i) => {
      if (!g || !needs[i]) return;
      const id = inputs[i]!.id;
      const sum = gradients.get(id);
      gradients.set(id, sum ? add(sum, g) : g);
    });
  }
  return targets.map((target) => {
    const gradient = gradients.get(target.id);
    if (!gradient) throw new Error('The loss does not depend on one of the trained tensors.');
    return gradient;
  });
}
