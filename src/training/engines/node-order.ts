import type { Value } from '../graph/graph';

/**
 * The values that no batch goes into: decoded weights above all. Their nodes must come first in the list: ONNX Runtime
 * orders nodes backwards from the outputs and takes a node's later inputs before its earlier ones, so that these are
 * made right before their use; else all of them would be made, and kept, before anything else.
 */
export function independentOfBatch(values: readonly Value[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { id, operation, inputs, shape } of values) {
    const fixed =
      operation.kind === 'input'
        ? shape.every((size) => typeof size === 'number')
        : inputs.every((input) => found.has(input.id));
    if (fixed) found.add(id);
  }
  return found;
}
