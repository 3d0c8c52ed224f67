/** Child side of a probe: whether a device multiplies matrices rightly, and how fast beside the processor. */
import { createRandom } from '../../common/random';
import { physicalCores } from '../cores';
import type { Executable, WeightSource } from '../engines/engine';
import { type Device, createOnnxRuntimeEngine } from '../engines/onnxruntime';
import { Graph } from '../graph/graph';

export interface Measurement {
  /** Floating-point operations per second, of the device and of the processor in the same minute. */
  readonly flops: number;
  readonly processorFlops: number;
  /** Largest difference between both results, relative to the largest number in the processor's; `null`: not a finite one. */
  readonly error: number | null;
}

/** Products like those of a small model's layers. The first look must stay short on a device that is only software. */
const WIDTH = 1024;
const FIRST_LOOK = { rows: 64, products: 1 };
const SECOND_LOOK = { rows: 256, products: 16 };
/** A device this many times slower than the processor at the first look gets no second one. */
const HOPELESS = 8;
const REPEATS = 3;
const LONG_ENOUGH_MS = 300;

type Look = typeof FIRST_LOOK;

/** Errors are those of the runtime. A broken driver may end the process instead. */
export async function measureDevice(device: Device): Promise<Measurement> {
  const first = await compare(device, FIRST_LOOK);
  return first.flops * HOPELESS < first.processorFlops ? first : await compare(device, SECOND_LOOK);
}

async function compare(device: Device, look: Look): Promise<Measurement> {
  const processor = await time('cpu', look);
  const other = await time(device, look);
  return { flops: other.flops, processorFlops: processor.flops, error: relativeError(other.result, processor.result) };
}

/** Never NaN: JSON, in which the answer travels, makes `null` of it, which compares like 0. */
export function relativeError(found: Float32Array, expected: Float32Array): number | null {
  const largest = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const difference = expected.reduce((max, x, i) => Math.max(max, Math.abs(x - (found[i] ?? NaN))), 0);
  return Number.isFinite(difference) ? difference / largest : null;
}

async function time(device: Device, look: Look): Promise<{ flops: number; result: Float32Array }> {
  const engine = createOnnxRuntimeEngine({ device, threads: physicalCores(), prepack: true });
  const { program, feeds } = chain(look);
  const executable = await engine.compile(program, NO_WEIGHTS);
  // The first run compiles shaders and fills caches.
  let result = await run(executable, feeds);
  let best = Infinity;
  let total = 0;
  for (let i = 0; i < REPEATS && total < LONG_ENOUGH_MS; i++) {
    const begun = performance.now();
    result = await run(executable, feeds);
    const taken = performance.now() - begun;
    best = Math.min(best, taken);
    total += taken;
  }
  await executable.dispose();
  return { flops: (2 * look.rows * WIDTH * WIDTH * look.products) / (best / 1000), result };
}

function chain({ rows, products }: Look): {
  program: { outputs: { y: ReturnType<Graph['gemm']> } };
  feeds: { x: { data: Float32Array; shape: number[] } };
} {
  const random = createRandom(1);
  const uniform = (n: number, scale: number): Float32Array =>
    Float32Array.from({ length: n }, () => (random.next() * 2 - 1) * scale);
  const graph = new Graph();
  // Keeps the size of the numbers: the variance of a uniform number in ±a is a²/3.
  const weight = graph.constant(uniform(WIDTH * WIDTH, Math.sqrt(3 / WIDTH)), [WIDTH, WIDTH]);
  let y = graph.input('x', [rows, WIDTH]);
  for (let i = 0; i < products; i++) y = graph.gemm(y, weight);
  return { program: { outputs: { y } }, feeds: { x: { data: uniform(rows * WIDTH, 1), shape: [rows, WIDTH] } } };
}

async function run(executable: Executable, feeds: ReturnType<typeof chain>['feeds']): Promise<Float32Array> {
  return (await executable.run(feeds)).y!.data as Float32Array;
}

const NO_WEIGHTS: WeightSource = {
  location: (name) => {
    throw new Error(`The probe has no weight ${name}.`);
  },
};
