/**
 * How much memory a run takes at most, item by item, all in bytes: counted from the shapes of the base, from the
 * settings and from the very graphs that will run. No weights are read.
 */
import { isTarget } from '../adapters/lora';
import { weightForms } from '../base';
import type { DecoderConfig } from '../models/config';
import { baseTensors, linearModules } from '../models/tensors';
import { layoutFor } from '../session';
import type { ResolvedSettings } from '../settings';
import type { BaseModel } from '../weights/base-model';
import { elementCount } from '../weights/tensor-info';
import { type GraphPlan, evaluationPlan, trainingPlan } from './plans';
import type { DataType } from '../graph/graph';

export interface MemoryQuestion {
  readonly config: DecoderConfig;
  readonly base: Pick<BaseModel, 'tensors'>;
  readonly settings: ResolvedSettings & { readonly memory: 'fast' | 'low' };
  /** Tokens of the longest row of a batch. */
  readonly rowTokens: number;
  /** Trained tokens of a row, at most; of a pair those of both answers. */
  readonly rowLabels: number;
  readonly validation: boolean;
}

export interface MemoryEstimate {
  /** The base as it is kept, and the copies that are packed for speed. */
  readonly weights: number;
  readonly packed: number;
  /** What is trained, and what AdamW keeps of it. */
  readonly trained: number;
  readonly optimizer: number;
  readonly gradients: number;
  /** Values between forward and backward pass, the logits included, and what a batch brings. */
  readonly activations: number;
  /** What the graphs for the validation data take besides. */
  readonly evaluation: number;
  /** Node, the engine, the program. */
  readonly runtime: number;
}

/*
 * What cannot be counted was measured (peak of the process, ONNX Runtime 1.30, Linux x64) on the shape of SmolLM2-135M.
 * The arenas of many small graphs leave more holes than the one of a large graph; large results that stay, such as the
 * gradients of all weights, leave holes between them.
 */
const LAYERED_HOLES = 1.4;
const RESULT_HOLES = 2.3;
/** Node with the engine and the program loaded, before a model is. */
const RUNTIME = 95e6;
/** Of the compiled form of one operation. */
const NODE_BYTES = 2e3;
/** What converting to 4 bits leaves behind where the weights are then mapped. */
const CONVERSION = 350e6;

export function estimateMemory(question: MemoryQuestion): MemoryEstimate {
  const { settings, config } = question;
  const { rows, length } = batchSizes(question);
  const stored = storedWeights(question);
  const trained = 4 * trainedNumbers(question);
  const onProcessor = settings.device === 'cpu';
  const layered = settings.memory === 'low' && onProcessor;
  const plan = planOf(question, stored.typeOf);
  const training = trainingPlan(plan, layered);
  const { validation } = question;
  // Supervised evaluation takes batches twice as large.
  const evaluation =
    validation && evaluationPlan({ ...plan, rows: (settings.objective === 'dpo' ? 1 : 2) * rows }, layered);
  const mapped = layered ? 0 : stored.bytes;
  // The sum so far, and those of the pass that is added.
  const gradientCopies = settings.gradient_accumulation_steps > 1 ? 2 : 1;
  const values = layered
    ? LAYERED_HOLES * training.peak + 2 * 4 * config.hidden * rows * length * config.layers
    : training.peak - training.outputs;
  const converted = settings.method === 'qlora' && !layered ? CONVERSION : 0;
  const untiedHead = config.tiedEmbeddings ? 0 : 4 * config.vocabulary * config.hidden;
  return {
    weights: stored.bytes,
    packed: onProcessor && !layered ? training.packed + untiedHead : 0,
    // With validation data the best tensors so far are kept besides.
    trained: trained * (validation ? 2 : 1),
    optimizer: 2 * trained,
    gradients: gradientCopies * trained + (layered ? 0 : RESULT_HOLES * training.outputs),
    activations: values + training.feeds,
    evaluation: evaluation ? (layered ? LAYERED_HOLES : 1) * evaluation.peak + evaluation.feeds + mapped : 0,
    runtime: RUNTIME + converted + NODE_BYTES * (training.values + (evaluation ? evaluation.values : 0)),
  };
}

export const totalBytes = (estimate: MemoryEstimate): number =>
  Object.values(estimate).reduce((sum: number, bytes: number) => sum + bytes, 0);

function batchSizes({ settings, rowTokens }: MemoryQuestion): { rows: number; length: number } {
  return {
    rows: settings.batch_size * (settings.objective === 'dpo' ? 2 : 1),
    length: Math.ceil(rowTokens / LENGTH_MULTIPLE) * LENGTH_MULTIPLE,
  };
}
const LENGTH_MULTIPLE = 8;

function planOf(question: MemoryQuestion, storedAs: (name: string) => DataType): GraphPlan {
  const { config, settings, rowTokens, rowLabels } = question;
  const { rows, length } = batchSizes(question);
  return {
    config,
    settings,
    storedAs,
    layout: layoutFor(rowTokens, config.vocabulary),
    rows,
    length,
    labelled: settings.packing ? rows * length : settings.batch_size * rowLabels,
  };
}

/** Frozen tensors in the form in which they are kept; none where all are trained. */
function storedWeights({ config, base, settings }: MemoryQuestion): {
  bytes: number;
  typeOf: (name: string) => DataType;
} {
  const formOf = weightForms(config, settings, base);
  const types = new Map<string, DataType>();
  let bytes = 0;
  for (const { name, shape } of settings.method === 'full' ? [] : baseTensors(config)) {
    const tensors = formOf(name, shape)?.tensors ?? [
      { name, dataType: 'float32' as const, bytes: 4 * elementCount(shape) },
    ];
    for (const tensor of tensors) {
      types.set(tensor.name, tensor.dataType);
      bytes += tensor.bytes;
    }
  }
  return { bytes, typeOf: (name) => types.get(name) ?? 'float32' };
}

function trainedNumbers({ config, settings }: MemoryQuestion): number {
  const { method, r, use_dora, target_modules } = settings;
  if (method === 'full') return baseTensors(config).reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return linearModules(config)
    .filter(({ module }) => isTarget(module, target_modules))
    .reduce(
      (sum, { inFeatures, outFeatures }) => sum + r * (inFeatures + outFeatures) + (use_dora ? outFeatures : 0),
      0,
    );
}
