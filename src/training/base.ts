/** What a run needs of its base model, checked: architecture, weights, tokenizer, chat template. */
import { Failure } from '../common/failure';
import type { ChatTemplate } from '../dataset/template';
import { type Tokenizer, createTokenizer } from '../dataset/tokenizer';
import { isTarget } from './adapters/lora';
import { chooseTemplate } from './choose-template';
import type { WeightSource } from './engines/engine';
import { type DecoderConfig, readDecoderConfig } from './models/config';
import { type TrainableTensor, baseTensors, linearModules } from './models/decoder';
import type { Settings } from './settings';
import type { BaseModel } from './weights/base-model';
import { materializeWeights } from './weights/materialize';
import { requireTensor } from './weights/tensor-info';

export interface CheckedBase {
  readonly config: DecoderConfig;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly tensors: readonly TrainableTensor[];
  readonly padId: number;
}

export function checkBase(
  base: BaseModel,
  settings: Pick<Settings, 'template' | 'method' | 'target_modules'>,
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
  if (settings.method === 'lora') requireTargets(config, settings.target_modules);
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
  return { config, tokenizer, template, tensors, padId: tokenizer.pad?.id ?? tokenizer.eos?.id ?? 0 };
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
export function locateWeights(base: BaseModel, tensors: readonly TrainableTensor[], scratchFile: string): WeightSource {
  const names = tensors.map((tensor) => tensor.name);
  const locations = materializeWeights(base, names, scratchFile);
  return { location: (name) => locations.get(name)! };
}
