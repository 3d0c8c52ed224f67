/** The default engine: ONNX Runtime on the processor, or on a GPU through WebGPU, CUDA or DirectML. */
import { dirname, join, parse, sep } from 'node:path';
import * as ort from 'onnxruntime-node';
import { Failure } from '../../common/failure';
import { bind, evaluateShape } from '../graph/dims';
import { type Value, reachable } from '../graph/graph';
import type { Engine, Executable, Program, Tensor, Tensors, WeightSource } from './engine';
import { toOnnx } from './onnx-model';
import { FLOAT16 } from './onnx-writer';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'dml';

export interface OnnxRuntimeOptions {
  readonly device: Device;
  readonly threads: number;
  /** Packs weights at the start for speed, at the price of a second copy in memory. */
  readonly prepack: boolean;
}

export function createOnnxRuntimeEngine(options: OnnxRuntimeOptions): Engine {
  const { device } = options;
  if (!availableDevices().includes(device))
    throw new DeviceUnavailable(device, 'this build of ONNX Runtime does not have it');
  return {
    name: 'onnxruntime',
    device,
    // The other providers lack the operator, or were never tried with it.
    fusedNf4: device === 'cpu',
    compile: (program, weights) => compile(program, weights, options),
  };
}

export function availableDevices(): string[] {
  return ort.listSupportedBackends().map((backend) => backend.name);
}

export function onnxRuntimeVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}

async function compile(program: Program, weights: WeightSource, options: OnnxRuntimeOptions): Promise<Executable> {
  const values = reachable(Object.values(program.outputs));
  // External data may only lie in or below one folder: the deepest one that holds all files.
  const root = commonFolder(weightNames(values).map((name) => weights.location(name).file));
  const model = toOnnx(program, weights, root);
  const session = await createSession(options.device, model.bytes, {
    executionProviders: [options.device],
    // The graph is built in the order and form that runs best; optimisers would merge recomputed layers and fold constants.
    graphOptimizationLevel: 'disabled',
    executionMode: 'sequential',
    enableMemPattern: false,
    intraOpNumThreads: options.threads,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: root,
        disable_prepacking: options.prepack ? '0' : '1',
      },
    },
  });
  return {
    run: async (feeds) => {
      const bindings = bind(
        model.inputs.map(({ name, shape }) => ({ name, shape, actual: feedOf(feeds, name).shape })),
      );
      const tensors: Record<string, ort.Tensor> = {};
      for (const { name, type } of model.inputs) tensors[name] = toOrt(feedOf(feeds, name), type);
      for (const { name, shape } of model.shapeInputs) {
        const sizes = evaluateShape(shape, bindings);
        tensors[name] = new ort.Tensor('int64', BigInt64Array.from(sizes.map(BigInt)), [sizes.length]);
      }
      const results = await session.run(tensors).catch((error: unknown) => {
        throw runFailure(options.device, error);
      });
      const outputs: Record<string, Tensor> = {};
      for (const name of Object.keys(program.outputs)) {
        const { data, dims } = results[`out:${name}`]!;
        if (!(data instanceof Float32Array || data instanceof Int32Array))
          throw new Error(`Output ${name} has an unexpected type.`);
        outputs[name] = { data, shape: dims };
      }
      return outputs;
    },
    dispose: () => session.release(),
  };
}

/** A provider that is there may still lack its library, its driver or its hardware: that shows only now. */
async function createSession(
  device: Device,
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, options);
  } catch (error) {
    if (device === 'cpu') throw error;
    throw new DeviceUnavailable(device, `ONNX Runtime says "${reasonIn(messageOf(error))}"`);
  }
}

/** What the runtime, or the system, says when memory is not enough. */
export const OUT_OF_MEMORY = /bad_alloc|out of memory|failed to allocate|array buffer allocation/i;

/** A GPU can fail, or go, in the middle of a run; the same steps on the processor have no such excuse. */
export function runFailure(device: Device, error: unknown): unknown {
  const message = messageOf(error);
  if (device === 'cpu' || OUT_OF_MEMORY.test(message)) return error;
  return new Failure(
    'device-failed',
    `The device "${device}" failed during the run: ONNX Runtime says "${reasonIn(message)}".`,
    'The checkpoints are kept: "fine-tune resume RUN" goes on from the last one, with --device cpu on the processor. "fine-tune doctor" tries the device.',
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The sentence that matters in the runtime's message, which begins with places and types in its source. */
function reasonIn(message: string): string {
  const [first = ''] = message.trim().split('\n');
  return /CUDA failure \d+: [^;]+\b|Failed to get a WebGPU adapter: .+/.exec(first)?.[0] ?? first;
}

export class DeviceUnavailable extends Failure {
  constructor(
    device: Device,
    readonly reason: string,
  ) {
    super(
      'device-unavailable',
      `The device "${device}" is not available here: ${reason}.`,
      'Set device to cpu (for a run that has begun: "fine-tune resume RUN --device cpu"). "fine-tune doctor" shows what is missing.',
      2,
    );
  }
}

function feedOf(feeds: Tensors, name: string): Tensor {
  const feed = feeds[name];
  if (!feed) throw new Error(`The input ${name} was not given.`);
  return feed;
}

function toOrt({ data, shape }: Tensor, type: number): ort.Tensor {
  if (data instanceof Uint8Array) return new ort.Tensor('uint8', data, [...shape]);
  if (data instanceof Uint16Array)
    return type === FLOAT16 ? halfTensor(data, shape) : new ort.Tensor('uint16', data, [...shape]);
  return data instanceof Int32Array
    ? new ort.Tensor('int32', data, [...shape])
    : new ort.Tensor('float32', data, [...shape]);
}

/** From Node 24 on the package makes a Float16Array of the bits, which its native half reads as no bytes at all. */
function halfTensor(bits: Uint16Array, shape: readonly number[]): ort.Tensor {
  const tensor = new ort.Tensor('float16', bits, [...shape]);
  return tensor.data === bits ? tensor : Object.defineProperty(tensor, 'data', { value: bits });
}

function weightNames(values: readonly Value[]): string[] {
  return values.flatMap(({ operation }) => (operation.kind === 'weight' ? [operation.name] : []));
}

/** With its final separator. */
function commonFolder(files: readonly string[]): string {
  if (files.length === 0) return join(process.cwd(), sep);
  const split = files.map((file) => dirname(file).split(sep));
  const first = split[0]!;
  let depth = first.length;
  for (const parts of split) while (parts.slice(0, depth).join(sep) !== first.slice(0, depth).join(sep)) depth--;
  const folder = first.slice(0, depth).join(sep) + sep;
  if (parse(files[0]!).root === '' || depth === 0)
    throw new Failure(
      'weights-on-two-drives',
      'The weights lie on different drives.',
      'Move the model and the temporary folder (TEMP) to one drive.',
      2,
    );
  return folder;
}
