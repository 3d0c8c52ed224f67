/** What a run needs of its base model, checked: architecture, weights, tokenizer, chat template. */
import { Failure } from '../common/failure';
import type { ChatTemplate } from '../dataset/template';
import { type Tokenizer, createTokenizer } from '../dataset/tokenizer';
import { isTarget, usualTargets } from './adapters/lora';
import { chooseTemplate } from './choose-template';
import type { WeightSource } from './engines/engine';
import type { StoredType } from './graph/graph';
import { type DecoderConfig, readDecoderConfig } from './models/config';
import { type TrainableTensor, baseTensors, linearModules } from './models/tensors';
import type { Settings } from './settings';
import type { BaseModel } from './weights/base-model';
import { type MaterializeOptions, materializeWeights } from './weights/materialize';
import { halfForm } from './weights/half-form';
import { nf4Form } from './weights/nf4';
import { requireTensor } from './weights/tensor-info';

export interface CheckedBase {
  readonly config: DecoderConfig;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly tensors: readonly TrainableTensor[];
  readonly padId: number;
  /** What target_modules names, or the usual ones where it is automatic. */
  readonly targetModules: readonly string[];
}

export function checkBase(
  base: BaseModel,
  settings: Pick<Settings, 'template' | 'method' | 'target_modules' | 'max_length'>,
): CheckedBase {
  const named = readDecoderConfig(base.config, base.path);
  // A head that is not in the file is the embedding, whatever the configuration forgot to say.
  const config = { ...named, tiedEmbeddings: named.tiedEmbeddings || !base.tensors.has('lm_head.weight') };
  const tensors = baseTensors(config);
  for (const { name, shape } of tensors) {
    const found = requireTensor(base, name).shape;
    if (found.join() !== shape.join())
      throw new Failure(
        'weights-mismatch',
        `${base.path}: the tensor "${name}" has the shape [${found.join(', ')}], its configuration says [${shape.join(', ')}].`,
        'Configuration and weights belong to different models; download the model again.',
        2,
      );
  }
  if (config.learnedPositions && settings.max_length > config.maxPositions)
    throw new Failure(
      'max-length-beyond-positions',
      `max_length is ${settings.max_length}, but ${base.path} has learned vectors for ${config.maxPositions} positions only.`,
      `Set max_length to ${config.maxPositions} or less.`,
      2,
    );
  const targetModules = settings.target_modules ?? usualTargets(linearModules(config));
  if (settings.method !== 'full') requireTargets(config, targetModules);
  const tokenizer = createTokenizer(base.tokenizerJson, base.tokenizerConfig);
  if (tokenizer.vocabularySize > config.vocabulary)
    throw new Failure(
      'tokenizer-mismatch',
      `${base.path}: the tokenizer has ${tokenizer.vocabularySize} tokens, the model only ${config.vocabulary}.`,
      'Use the tokenizer that belongs to this model.',
      2,
    );
  const template = chooseTemplate(base, settings.template, tokenizer);
  // Padding is never labelled and causal attention never sees it, so any token will do.
  const padId = tokenizer.pad?.id ?? tokenizer.eos?.id ?? 0;
  return { config, tokenizer, template, tensors, padId, targetModules };
}

function requireTargets(config: DecoderConfig, targets: readonly string[]): void {
  const modules = linearModules(config).map(({ module }) => module);
  const missing = targets.filter((target) => !modules.some((module) => isTarget(module, [target])));
  if (missing.length === 0) return;
  const known = [...new Set(modules.map((module) => module.split('.').at(-1)!))];
  throw new Failure(
    'unknown-target-module',
    `target_modules: the model has no linear layer named ${missing.map((name) => `"${name}"`).join(', ')}.`,
    `Choose among ${known.join(', ')}, or all-linear.`,
    2,
  );
}

/** Weights for an engine, converted into `scratchFile` where they cannot be used in place. */
export function locateWeights(
  base: BaseModel,
  tensors: readonly TrainableTensor[],
  scratchFile: string,
  options?: MaterializeOptions,
): WeightSource {
  const names = tensors.map((tensor) => tensor.name);
  const locations = materializeWeights(base, names, scratchFile, options);
  return {
    location: (name) => {
      const location = locations.get(name);
      if (!location) throw new Error(`There is no weight ${name}.`);
      return location;
    },
  };
}

/**
 * How the base is kept: with QLoRA the matrices of its linear layers in NF4, all but the head. The other matrices in
 * `precision`; with little memory on a processor those that have 16 bits in their file stay so, which changes no number.
 */
export function weightForms(
  config: DecoderConfig,
  { method, bnb_4bit_use_double_quant: double, precision, memory, device }: WeightSettings,
  base: Pick<BaseModel, 'tensors'>,
): NonNullable<MaterializeOptions['formOf']> {
  const keptAs = (name: string): StoredType | undefined => {
    if (precision !== 'float32') return precision;
    return memory === 'low' && device === 'cpu' ? SIXTEEN_BITS[base.tensors.get(name)?.dtype ?? ''] : undefined;
  };
  const matrices = new Set(method === 'qlora' ? linearModules(config).map(({ module }) => `${module}.weight`) : []);
  return (name, shape) => {
    if (matrices.has(name)) return nf4Form(name, shape, double);
    const type = shape.length === 2 ? keptAs(name) : undefined;
    return type && halfForm(name, shape, type);
  };
}

type WeightSettings = Pick<Settings, 'method' | 'bnb_4bit_use_double_quant' | 'precision' | 'memory' | 'device'>;

const SIXTEEN_BITS: Readonly<Record<string, StoredType>> = { F16: 'float16', BF16: 'bfloat16' };
