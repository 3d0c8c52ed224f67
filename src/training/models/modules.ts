/**
 * The modules of a decoder in one graph: how a tensor of the base, a norm and a linear layer (weight, bias, adapter)
 * come into it, and what of them is trained. Layers, embedding and head (layer.ts) are built from these alone.
 */
import { magnitudeName, withDroppedMagnitude, withMagnitude } from '../adapters/dora';
import { type LinearModule, type LoraConfig, isTarget, loraBranch, loraName } from '../adapters/lora';
import type { Dim, Shape } from '../graph/dims';
import * as f from '../graph/functions';
import type { DataType, Graph, Value } from '../graph/graph';
import { layerNorm, rmsNorm } from '../graph/norms';
import { nf4Names, nf4Weight } from '../graph/nf4';
import type { DecoderConfig } from './config';
import { type TrainableTensor, baseTensors } from './tensors';

/** What is trained: an adapter, all weights, or nothing (evaluation of the base). */
export type Training =
  { readonly method: 'lora'; readonly lora: LoraConfig } | { readonly method: 'full' } | { readonly method: 'none' };

export interface ModulesOptions {
  readonly training: Training;
  /** The linear modules that the graph will hold: those of the model, or of one layer. */
  readonly linears: readonly LinearModule[];
  /** Whether the adapter's dropout is applied: while training only. */
  readonly dropout: boolean;
  /** Whether the embeddings get noise (NEFTune): while training only. */
  readonly noise?: boolean;
  /** Rows of an activation [rows, width]. */
  readonly rows: Dim;
  /** Whether frozen tensors are part of the compiled graph or inputs of every run. */
  readonly frozen: 'weight' | 'input';
  /** The type in which a frozen tensor is kept. */
  readonly storedAs: (name: string) => DataType;
  /** Whether the engine multiplies by NF4 weights without decoding them before. */
  readonly fusedNf4?: boolean;
}

export interface Trainable {
  readonly tensor: TrainableTensor;
  readonly value: Value;
}

/** The input of the masks for one width that needs dropout: `rows` + `extraRows` rows; see `dropoutPool`. */
export interface DropoutPool {
  readonly input: string;
  readonly width: number;
  readonly extraRows: number;
}

export interface Modules {
  readonly graph: Graph;
  /** In the order in which they were first used. */
  readonly trainable: readonly Trainable[];
  readonly dropoutPools: readonly DropoutPool[];
  /** Names of the frozen tensors, parts of NF4 weights included, that are inputs. */
  readonly frozenInputs: readonly string[];
  readonly noise: boolean;
  /** A tensor of the base: frozen, or trained where all weights are. */
  tensor(name: string): Value;
  /** x [rows, in] through a linear module: weight, bias where the base has one, adapter where it is a target. */
  linear(x: Value, module: string): Value;
  norm(x: Value, module: string): Value;
  /** An input that several layers read (mask, angles). */
  shared(name: string, shape: Shape, dataType?: DataType): Value;
}

export function createModules(graph: Graph, config: DecoderConfig, options: ModulesOptions): Modules {
  const { training, linears, rows } = options;
  const shapes = new Map(baseTensors(config).map((t) => [t.name, t.shape]));
  const values = new Map<string, Value>();
  const once = (name: string, make: () => Value): Value => {
    const known = values.get(name);
    if (known) return known;
    const value = make();
    values.set(name, value);
    return value;
  };
  const frozenInputs: string[] = [];
  const trainable: Trainable[] = [];
  const trained = (name: string, shape: readonly number[]): Value =>
    once(name, () => {
      const value = graph.input(name, shape);
      trainable.push({ tensor: { name, shape }, value });
      return value;
    });
  const tensor = (name: string): Value => {
    const shape = shapes.get(name)!;
    if (training.method === 'full') return trained(name, shape);
    return once(name, () => frozen(name, shape, options.storedAs(name)));
  };
  const frozen = (name: string, shape: readonly number[], type: DataType): Value => {
    if (type !== 'nf4') {
      if (options.frozen === 'input') frozenInputs.push(name);
      return graph[options.frozen](name, shape, type);
    }
    const doubleQuantization = options.storedAs(nf4Names(name).scales) === 'uint8';
    return nf4Weight(graph, name, shape, { doubleQuantization, fused: options.fusedNf4 ?? false }, frozen);
  };

  const lora = training.method === 'lora' ? training.lora : undefined;
  const targets = lora ? linears.filter((m) => isTarget(m.module, lora.targetModules)) : [];
  const ofWidth = (width: number): LinearModule[] => targets.filter((t) => t.inFeatures === width);
  const pools = options.dropout ? dropoutPools(linears, training) : [];
  for (const { input, width } of pools) once(input, () => graph.input(input, [`D${width}`, width]));
  // Every target reads the pool one row further on: each mask is independent in itself, at the price of one pool.
  const dropoutMask = (target: LinearModule): Value | undefined => {
    const pool = values.get(`dropout_${target.inFeatures}`);
    if (!pool) return undefined;
    const sharers = ofWidth(target.inFeatures);
    const start = sharers.indexOf(target);
    return graph.rows(pool, start, sharers.length - start, rows);
  };
  /** `product` multiplies by the matrix of the base, `squares` are the squared lengths of its rows. */
  const adapted = (
    x: Value,
    product: (x: Value) => Value,
    squares: () => Value,
    target: LinearModule,
    config: LoraConfig,
  ): Value => {
    const { module, inFeatures, outFeatures } = target;
    const a = trained(loraName(module, 'A'), [config.r, inFeatures]);
    const b = trained(loraName(module, 'B'), [outFeatures, config.r]);
    const y = product(x);
    const mask = dropoutMask(target);
    const input = mask ? f.mask(graph, x, mask) : x;
    const branch = loraBranch(graph, input, a, b, config);
    if (!config.dora) return f.add(graph, y, branch);
    const magnitude = trained(magnitudeName(module), [outFeatures]);
    const layer = { product, squares: squares(), a, b, magnitude };
    return mask
      ? withDroppedMagnitude(graph, y, input, branch, layer, config)
      : withMagnitude(graph, f.add(graph, y, branch), layer, config);
  };

  return {
    graph,
    trainable,
    dropoutPools: pools,
    frozenInputs,
    noise: options.noise ?? false,
    tensor,
    linear: (x, module) => {
      const weight = tensor(`${module}.weight`);
      const product = (value: Value): Value => f.linear(graph, value, weight);
      const squares = (): Value => graph.reduce('sumSquare', graph.float(weight), [1]);
      const target = targets.find((t) => t.module === module);
      const y = lora && target ? adapted(x, product, squares, target, lora) : product(x);
      const bias = `${module}.bias`;
      return shapes.has(bias) ? f.addBias(graph, y, tensor(bias)) : y;
    },
    norm: (x, module) => {
      const weight = tensor(`${module}.weight`);
      return config.norm === 'rms'
        ? rmsNorm(graph, x, weight, config.normEpsilon, config.normOffset)
        : layerNorm(graph, x, weight, tensor(`${module}.bias`), config.normEpsilon);
    },
    shared: (name, shape, dataType) => once(name, () => graph.input(name, shape, dataType)),
  };
}

/** What these linear modules need for dropout: a pool for each width, in an order that decides which masks are drawn. */
export function dropoutPools(linears: readonly LinearModule[], training: Training): DropoutPool[] {
  if (training.method !== 'lora' || training.lora.dropout === 0) return [];
  const { targetModules } = training.lora;
  const widths = linears.filter((m) => isTarget(m.module, targetModules)).map((m) => m.inFeatures);
  return [...new Set(widths)].map((width) => ({
    input: `dropout_${width}`,
    width,
    extraRows: widths.filter((other) => other === width).length,
  }));
}
