/** The norms of a decoder with their derivatives, over the last axis. */
import type { Graph, Value } from './graph';

/** x / √(mean(x²) + ε) · (offset + weight) over the last axis (Zhang & Sennrich 2019); the weight is a vector. */
export function rmsNorm(g: Graph, x: Value, weight: Value, epsilon: number, offset = 0): Value {
  const gain = offset === 0 ? weight : g.add(weight, g.scalar(offset));
  const square = g.reduce('mean', g.multiply(x, x), [-1]);
  const inverse = g.divide(g.scalar(1), g.sqrt(g.add(square, g.scalar(epsilon))));
  const normal = g.multiply(x, inverse);
  return g.differentiable(g.multiply(normal, gain), [x, weight], (dy, [needsX, needsWeight]) => {
    let dx: Value | undefined;
    if (needsX) {
      const dNormal = g.multiply(dy, gain);
      const along = g.reduce('mean', g.multiply(dNormal, normal), [-1]);
      dx = g.multiply(g.subtract(dNormal, g.multiply(normal, along)), inverse);
    }
    const dWeight = needsWeight
      ? g.reshape(g.reduce('sum', g.multiply(dy, normal), rowAxes(x)), weight.shape)
      : undefined;
    return [dx, dWeight];
  });
}

/** (x − mean) / √(variance + ε) · weight + bias over the last axis (Ba et al. 2016); weight and bias are vectors. */
export function layerNorm(g: Graph, x: Value, weight: Value, bias: Value, epsilon: number): Value {
  const centred = g.subtract(x, g.reduce('mean', x, [-1]));
  const variance = g.reduce('mean', g.multiply(centred, centred), [-1]);
  const inverse = g.divide(g.scalar(1), g.sqrt(g.add(variance, g.scalar(epsilon))));
  const normal = g.multiply(centred, inverse);
  const y = g.add(g.multiply(normal, weight), bias);
  return g.differentiable(y, [x, weight, bias], (dy, [needsX, needsWeight, needsBias]) => {
    let dx: Value | undefined;
    if (needsX) {
      const dNormal = g.multiply(dy, weight);
      const along = g.reduce('mean', g.multiply(dNormal, normal), [-1]);
      const level = g.subtract(dNormal, g.reduce('mean', dNormal, [-1]));
      dx = g.multiply(g.subtract(level, g.multiply(normal, along)), inverse);
    }
    const overRows = (value: Value): Value => g.reshape(g.reduce('sum', value, rowAxes(x)), weight.shape);
    return [dx, needsWeight ? overRows(g.multiply(dy, normal)) : undefined, needsBias ? overRows(dy) : undefined];
  });
}

/** All axes but the last. */
const rowAxes = (x: Value): number[] => x.shape.slice(0, -1).map((_, axis) => axis);
