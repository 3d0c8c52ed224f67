/**
 * Sizes of tensors that are known only when a batch arrives. A `Dim` is a number, or a product of symbols with a
 * factor, written "B", "B*T" or "4*Q*B". One compiled graph serves every batch shape.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type Bindings = ReadonlyMap<string, number>;

interface Monomial {
  readonly factor: number;
  readonly symbols: readonly string[];
}

function parse(dim: Dim): Monomial {
  if (typeof dim === 'number') return { factor: dim, symbols: [] };
  let factor = 1;
  const symbols: string[] = [];
  for (const part of dim.split('*')) {
    const number = Number(part);
    if (Number.isNaN(number)) symbols.push(part);
    else factor *= number;
  }
  return { factor, symbols: symbols.sort() };
}

function format({ factor, symbols }: Monomial): Dim {
  if (symbols.length === 0) return factor;
  return factor === 1 ? symbols.join('*') : [factor, ...symbols].join('*');
}

export function product(...dims: Dim[]): Dim {
  const parts = dims.map(parse);
  return format({
    factor: parts.reduce((f, p) => f * p.factor, 1),
    symbols: parts.flatMap((p) => p.symbols).sort(),
  });
}

/** Exact quotient; throws where it is none, which is a mistake in a model's graph. */
export function quotient(dim: Dim, by: Dim): Dim {
  const a = parse(dim);
  const b = parse(by);
  const symbols = [...a.symbols];
  for (const symbol of b.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) throw new Error(`${dim} is not divisible by ${by}.`);
    symbols.splice(at, 1);
  }
  if (a.factor % b.factor !== 0) throw new Error(`${dim} is not divisible by ${by}.`);
  return format({ factor: a.factor / b.factor, symbols });
}

export function sameDim(a: Dim, b: Dim): boolean {
  return a === b || format(parse(a)) === format(parse(b));
}

/** The shape of an elementwise result, as in NumPy. */
export function broadcast(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (sameDim(x, y) || y === 1) return x;
    if (x === 1) return y;
    // "P" stands for 1 or the batch size (see attention-feeds.ts), so it broadcasts against it.
    if (x === 'P') return y;
    if (y === 'P') return x;
    throw new Error(`Shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`);
  });
}

export function evaluate(dim: Dim, bindings: Bindings): number {
  const { factor, symbols } = parse(dim);
  return symbols.reduce((value, symbol) => {
    const bound = bindings.get(symbol);
    if (bound === undefined) throw new Error(`The size "${symbol}" is not bound by any input.`);
    return value * bound;
  }, factor);
}

export function evaluateShape(shape: Shape, bindings: Bindings): number[] {
  return shape.map((dim) => evaluate(dim, bindings));
}

/** Learns symbols from the actual shapes of the inputs; two inputs that disagree are an error that names both. */
export function bind(inputs: Iterable<{ name: string; shape: Shape; actual: readonly number[] }>): Map<string, number> {
  const bindings = new Map<string, number>();
  const waiting: { name: string; dim: Dim; actual: number }[] = [];
  for (const { name, shape, actual } of inputs) {
    if (shape.length !== actual.length)
      throw new Error(`Input ${name} has shape [${actual.join(', ')}], expected [${shape.join(', ')}].`);
    shape.forEach((dim, i) => waiting.push({ name, dim, actual: actual[i]! }));
  }
  for (const { dim, actual } of waiting) {
    const { factor, symbols } = parse(dim);
    if (symbols.length === 1 && !bindings.has(symbols[0]!)) bindings.set(symbols[0]!, actual / factor);
  }
  for (const { name, dim, actual } of waiting)
    if (evaluate(dim, bindings) !== actual) throw new Error(`Input ${name}: size ${actual} does not fit ${dim}.`);
  return bindings;
}
