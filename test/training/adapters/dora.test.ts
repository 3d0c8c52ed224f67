import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random';
import { startMagnitude, withDroppedMagnitude, withMagnitude } from '../../../src/training/adapters/dora';
import { type LoraConfig, loraBranch, loraScale } from '../../../src/training/adapters/lora';
import { createReferenceEngine } from '../../../src/training/engines/reference';
import * as f from '../../../src/training/graph/functions';
import { Graph } from '../../../src/training/graph/graph';

const config: LoraConfig = { r: 2, alpha: 3, dropout: 0, targetModules: [], dora: true };
const [rows, inFeatures, outFeatures] = [3, 4, 5];
const random = createRandom(9);
const draw = (count: number): Float32Array => new Float32Array(count).map(() => random.normal());
const shapes = {
  x: [rows, inFeatures],
  w: [outFeatures, inFeatures],
  a: [config.r, inFeatures],
  b: [outFeatures, config.r],
  magnitude: [outFeatures],
  mask: [rows, inFeatures],
} as const;
type Name = keyof typeof shapes;
const feedsOf = (data: Record<Name, Float32Array>) =>
  Object.fromEntries((Object.keys(shapes) as Name[]).map((name) => [name, { data: data[name], shape: shapes[name] }]));

/** Σ y² of a DoRA layer, y itself, and the gradients of some inputs. */
async function run(data: Record<Name, Float32Array>, dropped: boolean) {
  const g = new Graph();
  const input = (name: Name) => g.input(name, shapes[name]);
  const [x, w, mask] = [input('x'), input('w'), input('mask')];
  const layer = {
    product: (value: typeof x) => f.linear(g, value, w),
    squares: g.reduce('sumSquare', w, [1]),
    a: input('a'),
    b: input('b'),
    magnitude: input('magnitude'),
  };
  const y = f.linear(g, x, w);
  const through = dropped ? f.mask(g, x, mask) : x;
  const branch = loraBranch(g, through, layer.a, layer.b, config);
  const out = dropped
    ? withDroppedMagnitude(g, y, through, branch, layer, config)
    : withMagnitude(g, f.add(g, y, branch), layer, config);
  const loss = g.differentiable(g.reshape(g.reduce('sum', g.multiply(out, out), [0, 1]), []), [out], (dy) => [
    g.multiply(g.multiply(out, g.scalar(2)), dy),
  ]);
  const [dx, dMagnitude] = g.gradients(loss, [x, layer.magnitude]);
  const unused = g.reduce('sum', mask, [0, 1]);
  const outputs = { out, loss, x: dx!, magnitude: dMagnitude!, unused };
  const engine = await createReferenceEngine().compile({ outputs }, { location: () => never() });
  return engine.run(feedsOf(data));
}
const never = (): never => {
  throw new Error('There are no weights.');
};

const some = (): Record<Name, Float32Array> => ({
  x: draw(rows * inFeatures),
  w: draw(outFeatures * inFeatures),
  a: draw(config.r * inFeatures),
  b: draw(outFeatures * config.r),
  magnitude: draw(outFeatures).map(Math.abs),
  mask: new Float32Array(rows * inFeatures).map(() => (random.next() < 0.5 ? 0 : 2)),
});

describe('DoRA', () => {
  it('brings every row of W + cBA to the trained length', async () => {
    const data = some();
    const { out } = await run(data, false);
    const c = loraScale(config);
    for (let o = 0; o < outFeatures; o++) {
      const row = Array.from({ length: inFeatures }, (_, i) => {
        const ba = data.b[o * 2]! * data.a[i]! + data.b[o * 2 + 1]! * data.a[inFeatures + i]!;
        return data.w[o * inFeatures + i]! + c * ba;
      });
      const factor = data.magnitude[o]! / Math.hypot(...row);
      for (let t = 0; t < rows; t++) {
        const wanted = factor * row.reduce((sum, weight, i) => sum + weight * data.x[t * inFeatures + i]!, 0);
        expect(out!.data[t * outFeatures + o]).toBeCloseTo(wanted, 4);
      }
    }
  });

  it.each([false, true])('has the derivative of finite differences, dropped: %s', async (dropped) => {
    const data = some();
    const found = await run(data, dropped);
    for (const name of ['x', 'magnitude'] as const)
      for (let i = 0; i < data[name].length; i++) {
        const lossAt = async (step: number): Promise<number> => {
          const moved = { ...data, [name]: data[name].map((value, j) => (i === j ? value + step : value)) };
          return (await run(moved, dropped)).loss!.data[0]!;
        };
        const slope = ((await lossAt(2 ** -6)) - (await lossAt(-(2 ** -6)))) / 2 ** -5;
        const scale = Math.max(...found[name]!.data.map(Math.abs));
        expect(Math.abs(slope - found[name]!.data[i]!) / scale, `${name}[${i}]`).toBeLessThan(1e-3);
      }
  });

  it('changes nothing before the first step, a row of zeros included', async () => {
    const data = { ...some(), b: new Float32Array(outFeatures * config.r) };
    data.w.fill(0, inFeatures, 2 * inFeatures);
    data.magnitude = startMagnitude(data.w, data.a, data.b, config);
    const { out } = await run(data, false);
    for (let t = 0; t < rows; t++)
      for (let o = 0; o < outFeatures; o++) {
        let wanted = 0;
        for (let i = 0; i < inFeatures; i++) wanted += data.w[o * inFeatures + i]! * data.x[t * inFeatures + i]!;
        expect(out!.data[t * outFeatures + o]).toBeCloseTo(wanted, o === 1 ? 2 : 5);
      }
    // PEFT divides by this length; ours agrees with it only where it is not zero.
    expect(data.magnitude[1]).toBeGreaterThan(1e-5);
    expect(data.b[config.r]).not.toBe(0);
  });

  it('of an adapter from elsewhere, a row of zeros stays zero and is no NaN', async () => {
    const data = { ...some(), b: new Float32Array(outFeatures * config.r) };
    data.w.fill(0, 0, inFeatures);
    data.magnitude[0] = 0;
    const { out, x } = await run(data, false);
    for (let t = 0; t < rows; t++) expect(out!.data[t * outFeatures]).toBe(0);
    expect([...x!.data].every(Number.isFinite)).toBe(true);
  });
});
