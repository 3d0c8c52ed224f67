/** What runs a graph. Two engines exist: onnxruntime.ts, the fast one, and reference.ts, the obvious one. */
import type { DataType, Value } from '../graph/graph';

export interface Tensor {
  /** Uint16Array: the bits of float16 or bfloat16, whichever the graph expects. Uint8Array: codes. */
  readonly data: Float32Array | Int32Array | Uint16Array | Uint8Array;
  readonly shape: readonly number[];
}
export type Tensors = Readonly<Record<string, Tensor>>;

/** A graph that is ready to be compiled: every output is named; inputs and weights carry their own names. */
export interface Program {
  readonly outputs: Readonly<Record<string, Value>>;
}

/** Where a weight lies, little endian, row-major. */
export interface WeightLocation {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** float32 where it is absent. */
  readonly dataType?: DataType;
}
export interface WeightSource {
  location(name: string): WeightLocation;
}

export interface Executable {
  /** Runs once. The feeds must name every input of the program. */
  run(feeds: Tensors): Promise<Tensors>;
  dispose(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  readonly device: string;
  /** Whether products with NF4 weights are faster without decoding these before. */
  readonly fusedNf4: boolean;
  compile(program: Program, weights: WeightSource): Promise<Executable>;
}
