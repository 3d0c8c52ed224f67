/**
 * The layout for little memory: one layer at a time. A kind of layer is compiled once and run for every layer of that
 * kind, whose weights are inputs. Between forward and backward pass only the inputs of the layers are kept; the backward
 * pass of a layer makes its inner values again. Between two layers the process is free to do other things.
 */
import { isTarget } from './adapters/lora';
import type { Batch } from './batches';
import type { Engine, Tensor, Tensors } from './engines/engine';
import { type Value, reachable } from './graph/graph';
import type { DecoderOptions } from './models/decoder';
import type { DecoderConfig } from './models/config';
import { type DropoutPool, type Training, dropoutPools } from './models/modules';
import { type Piece, embeddingPiece, headPiece, layerLinears, layerPiece } from './models/pieces';
import { baseTensors, layerName, linearModules } from './models/tensors';
import { drawNoise } from './noise';
import type { Parameter } from './optimizer';
import { residentWeight } from './resident-weights';
import type { EvaluationSession, SessionOptions, TrainingSession } from './session';

/** The same numbers as the one graph of session.ts, to rounding. */
export async function createLayeredTrainingSession(
  options: SessionOptions,
  graph: DecoderOptions,
  parameters: readonly Parameter[],
): Promise<TrainingSession> {
  const { config, training, neftuneAlpha = null } = options;
  const { compile, load, dispose } = createCompiler(options, parameters);
  const lora = training.method === 'lora' ? training.lora : undefined;
  const windows = maskWindows(config, training);
  // Nothing is trained below: no gradient needs to go there.
  const lowest = lora ? windows.findIndex(({ targets }) => targets > 0) : 0;

  const embedding = embeddingPiece(config, graph);
  const head = headPiece(config, graph);
  load(embedding);
  load(head);
  const embed = await compile(embedding.forward);
  const embedBackward = lora ? undefined : await compile(embedding.backward());
  const headBackward = await compile(head.backward());
  const layers = await compileKinds(options, graph, load, async (piece) => ({
    forward: await compile(piece.forward),
    backward: await compile(piece.backward()),
  }));
  const pools = dropoutPools(linearModules(config), training);

  return {
    forwardBackward: async (batch, random) => {
      const noise = { dropoutPools: pools, dropout: lora?.dropout ?? 0, neftuneAlpha, hidden: config.hidden };
      const feeds = { ...batch.feeds, ...drawNoise(random, batch, noise) };
      const feedsOf = (layer: number): Tensors => {
        const masks = windows[layer]!.masks.map(({ input, width, start, extraRows }): [string, Tensor] => {
          const rows = batch.rows + extraRows;
          const data = feeds[input]!.data.subarray(start * width, (start + rows) * width);
          return [input, { data, shape: [rows, width] }];
        });
        return { ...feeds, ...Object.fromEntries(masks) };
      };
      const gradients = new Map<string, Float32Array>();
      const collect = (results: Tensors, named: (name: string) => string = (name) => name): void => {
        for (const [output, { data }] of Object.entries(results))
          if (output.startsWith(GRADIENT)) addTo(gradients, named(output.slice(GRADIENT.length)), data);
      };

      const inputs = [(await embed(feeds)).y!];
      for (const [i, { forward, rename }] of layers.entries())
        inputs.push((await forward({ ...feedsOf(i), x: inputs[i]! }, rename)).y!);
      const { loss, nll, dx, ...rest } = await headBackward({ ...feeds, x: inputs.pop()! });
      collect(rest);
      let dy = dx!;
      for (let i = layers.length - 1; i >= lowest; i--) {
        const { backward, rename } = layers[i]!;
        const results = await backward({ ...feedsOf(i), x: inputs.pop()!, dy }, rename);
        collect(results, rename);
        dy = results.dx!;
      }
      if (embedBackward) collect(await embedBackward({ ...feeds, dy }));
      return { loss: loss!.data[0]!, nll: nll!.data as Float32Array, gradients };
    },
    dispose,
  };
}

export async function createLayeredEvaluationSession(
  options: SessionOptions,
  graph: DecoderOptions,
  parameters: readonly Parameter[],
): Promise<EvaluationSession> {
  const { compile, load, dispose } = createCompiler(options, parameters);
  const embedding = embeddingPiece(options.config, graph);
  const headGraphs = headPiece(options.config, graph);
  load(embedding);
  load(headGraphs);
  const embed = await compile(embedding.forward);
  const head = await compile(headGraphs.forward);
  const layers = await compileKinds(options, graph, load, async (piece) => ({ forward: await compile(piece.forward) }));
  let logitsHead: ReturnType<typeof compile> | undefined;
  const hidden = async ({ feeds }: Batch): Promise<Tensors> => {
    let x = (await embed(feeds)).y!;
    for (const { forward, rename } of layers) x = (await forward({ ...feeds, x }, rename)).y!;
    return { ...feeds, x };
  };
  return {
    forward: async (batch) => {
      const { loss, nll, predictions } = await head(await hidden(batch));
      return {
        loss: loss!.data[0]!,
        nll: nll!.data as Float32Array,
        predictions: (predictions!.data as Int32Array).subarray(0, batch.trainedTokens),
      };
    },
    logits: async (batch) => {
      logitsHead ??= compile(headGraphs.logits);
      return (await (await logitsHead)(await hidden(batch))).logits!;
    },
    dispose,
  };
}

/** From the name of a tensor in the layer that a graph was made for to that in the layer which is meant. */
type Rename = (name: string) => string;
/** Runs a piece; the tensors that are not among the feeds are looked up. */
type Run = (feeds: Tensors, rename?: Rename) => Promise<Tensors>;

const GRADIENT = 'grad:';

function createCompiler({ engine, weights }: SessionOptions, parameters: readonly Parameter[]) {
  const made: Awaited<ReturnType<Engine['compile']>>[] = [];
  const trained = new Map(parameters.map((p) => [p.name, p]));
  const compile = async (outputs: Readonly<Record<string, Value>>): Promise<Run> => {
    const executable = await engine.compile({ outputs }, weights);
    made.push(executable);
    const inputs = reachable(Object.values(outputs)).flatMap(({ operation, shape }) =>
      operation.kind === 'input' ? [{ name: operation.name, shape }] : [],
    );
    return async (feeds, rename = (name) => name) => {
      const all: Record<string, Tensor> = { ...feeds };
      for (const { name, shape } of inputs)
        all[name] ??= trained.get(rename(name)) ?? {
          data: residentWeight(weights, rename(name)),
          shape: shape as readonly number[],
        };
      return executable.run(all);
    };
  };
  return {
    compile,
    /** Reads what a piece needs, while the files are still there. */
    load: (piece: Piece, rename: Rename = (name) => name): void => {
      for (const name of piece.frozen) residentWeight(weights, rename(name));
    },
    dispose: async () => {
      for (const executable of made) await executable.dispose();
    },
  };
}

/** What was compiled for each layer's kind, with the way from the names it was compiled with to the layer's own. */
async function compileKinds<T>(
  { config, training }: SessionOptions,
  graph: DecoderOptions,
  load: (piece: Piece, rename: Rename) => void,
  compile: (piece: Piece) => Promise<T>,
): Promise<(T & { readonly rename: Rename })[]> {
  const tensors = baseTensors(config).map(({ name }) => name);
  /** Layers with the same text have the same graph. */
  const kindOf = (layer: number): string => {
    const at = `${layerName(config, layer)}.`;
    const targets = training.method === 'lora' ? training.lora.targetModules : [];
    const adapted = layerLinears(config, layer).map(({ module }) => isTarget(module, targets));
    const stored = training.method === 'full' ? [] : tensors.filter((name) => name.startsWith(at)).map(graph.storedAs);
    return JSON.stringify([config.layerKinds[layer], adapted, stored]);
  };
  const kinds = new Map<string, { readonly piece: Piece; readonly made: T; readonly first: string }>();
  const layers: (T & { readonly rename: Rename })[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = layerName(config, layer);
    let kind = kinds.get(kindOf(layer));
    if (!kind) {
      const piece = layerPiece(config, graph, layer);
      kind = { piece, made: await compile(piece), first: at };
      kinds.set(kindOf(layer), kind);
    }
    const { piece, made, first } = kind;
    const rename = (name: string): string => name.replace(`${first}.`, `${at}.`);
    load(piece, rename);
    layers.push({ ...made, rename });
  }
  return layers;
}

/** A layer's part of the masks that are drawn for all layers: its own begin at row `start`, where those below it end. */
interface MaskWindow extends DropoutPool {
  readonly start: number;
}

/** For every layer, with the number of its modules that have an adapter. */
function maskWindows(
  config: DecoderConfig,
  training: Training,
): { readonly targets: number; readonly masks: readonly MaskWindow[] }[] {
  const used = new Map<string, number>();
  return Array.from({ length: config.layers }, (_, layer) => {
    const linears = layerLinears(config, layer);
    const masks = dropoutPools(linears, training).map((pool): MaskWindow => {
      const start = used.get(pool.input) ?? 0;
      used.set(pool.input, start + pool.extraRows);
      return { ...pool, start };
    });
    const targetModules = training.method === 'lora' ? training.lora.targetModules : [];
    return { targets: linears.filter(({ module }) => isTarget(module, targetModules)).length, masks };
  });
}

/** The embedding of a tied model gets gradients from both ends. */
function addTo(sums: Map<string, Float32Array>, name: string, data: Tensor['data']): void {
  const gradient = data as Float32Array;
  const sum = sums.get(name);
  if (!sum) sums.set(name, gradient);
  else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]!;
}
