/** What stands between the matrices of an MLP, with its derivative. */
import type { Graph, Value } from './graph';

/** silu(gate) ∘ up (Shazeer 2020). */
export function swiglu(g: Graph, gate: Value, up: Value): Value {
  const sigmoid = g.sigmoid(gate);
  const silu = g.multiply(gate, sigmoid);
  return g.differentiable(g.multiply(silu, up), [gate, up], (dy, [needsGate, needsUp]) => {
    // silu' = σ + silu · (1 − σ)
    const slope = needsGate && g.subtract(g.add(sigmoid, silu), g.multiply(silu, sigmoid));
    return [slope ? g.multiply(g.multiply(dy, up), slope) : undefined, needsUp ? g.multiply(dy, silu) : undefined];
  });
}

/** gelu(gate) ∘ up (Shazeer 2020), GELU in its tanh form. */
export function geglu(g: Graph, gate: Value, up: Value): Value {
  const { value, slope } = geluTanh(g, gate);
  return g.differentiable(g.multiply(value, up), [gate, up], (dy, [needsGate, needsUp]) => [
    needsGate ? g.multiply(g.multiply(dy, up), slope()) : undefined,
    needsUp ? g.multiply(dy, value) : undefined,
  ]);
}

/** GELU in its tanh form, which GPT-2's configuration calls "gelu_new". */
export function gelu(g: Graph, x: Value): Value {
  const { value, slope } = geluTanh(g, x);
  return g.differentiable(value, [x], (dy) => [g.multiply(dy, slope())]);
}

/** ½x(1 + tanh u) = x · σ(2u) with u = √(2/π)(x + 0.044715x³) (Hendrycks & Gimpel 2016). */
function geluTanh(g: Graph, x: Value): { value: Value; slope: () => Value } {
  const root = 2 * Math.sqrt(2 / Math.PI);
  const square = g.multiply(x, x);
  const polynomial = (constant: number, factor: number): Value =>
    g.add(g.multiply(square, g.scalar(factor)), g.scalar(constant));
  const sigmoid = g.sigmoid(g.multiply(x, polynomial(root, root * 0.044715)));
  const value = g.multiply(x, sigmoid);
  // gelu' = σ + gelu · (1 − σ) · (2u)'
  const slope = (): Value =>
    g.add(sigmoid, g.multiply(g.subtract(value, g.multiply(value, sigmoid)), polynomial(root, root * 3 * 0.044715)));
  return { value, slope };
}
