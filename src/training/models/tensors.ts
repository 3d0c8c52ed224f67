/** The tensors of a base model by name, with the shapes that its configuration demands. */
import type { LinearModule } from '../adapters/lora';
import type { DecoderConfig } from './config';

export interface TrainableTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a family calls the modules that all families have; those of a layer come behind `layerName` and a dot. */
export interface ModuleNames {
  readonly embedding: string;
  readonly positions: string;
  readonly layers: string;
  readonly attentionNorm: string;
  readonly attention: string;
  readonly fusedQkv: string;
  readonly attentionOutput: string;
  readonly mlpNorm: string;
  readonly mlp: string;
  readonly up: string;
  readonly down: string;
  readonly finalNorm: string;
}

const LLAMA_NAMES: ModuleNames = {
  embedding: 'model.embed_tokens',
  positions: '',
  layers: 'model.layers',
  attentionNorm: 'input_layernorm',
  attention: 'self_attn',
  fusedQkv: 'qkv_proj',
  attentionOutput: 'o_proj',
  mlpNorm: 'post_attention_layernorm',
  mlp: 'mlp',
  up: 'up_proj',
  down: 'down_proj',
  finalNorm: 'model.norm',
};

const GPT2_NAMES: ModuleNames = {
  embedding: 'transformer.wte',
  positions: 'transformer.wpe',
  layers: 'transformer.h',
  attentionNorm: 'ln_1',
  attention: 'attn',
  fusedQkv: 'c_attn',
  attentionOutput: 'c_proj',
  mlpNorm: 'ln_2',
  mlp: 'mlp',
  up: 'c_fc',
  down: 'c_proj',
  finalNorm: 'transformer.ln_f',
};

export const moduleNames = ({ family }: DecoderConfig): ModuleNames => (family === 'gpt2' ? GPT2_NAMES : LLAMA_NAMES);

/** Names of a layer's tensors start with this and a dot. */
export const layerName = (config: DecoderConfig, layer: number): string => `${moduleNames(config).layers}.${layer}`;

/** The output matrix: the embedding's own where both are tied. */
export const headName = (config: DecoderConfig): string =>
  config.tiedEmbeddings ? `${moduleNames(config).embedding}.weight` : 'lm_head.weight';

/** All linear layers of the base but the head. */
export function linearModules(config: DecoderConfig): LinearModule[] {
  const { hidden, heads, kvHeads, headDim, intermediate, fusedProjections, gatedMlp } = config;
  const { attention, fusedQkv, attentionOutput, mlp, up, down } = moduleNames(config);
  const qkv: [string, number][] = fusedProjections
    ? [[fusedQkv, heads + 2 * kvHeads]]
    : [
        ['q_proj', heads],
        ['k_proj', kvHeads],
        ['v_proj', kvHeads],
      ];
  const widening: [string, number][] = !gatedMlp
    ? [[up, intermediate]]
    : fusedProjections
      ? [['gate_up_proj', 2 * intermediate]]
      : [
          ['gate_proj', intermediate],
          [up, intermediate],
        ];
  const sizes: [string, number, number][] = [
    ...qkv.map(([name, count]): [string, number, number] => [`${attention}.${name}`, hidden, count * headDim]),
    [`${attention}.${attentionOutput}`, heads * headDim, hidden],
    ...widening.map(([name, width]): [string, number, number] => [`${mlp}.${name}`, hidden, width]),
    [`${mlp}.${down}`, intermediate, hidden],
  ];
  return Array.from({ length: config.layers }, (_, layer) =>
    sizes.map(([name, inFeatures, outFeatures]) => ({
      module: `${layerName(config, layer)}.${name}`,
      inFeatures,
      outFeatures,
    })),
  ).flat();
}

/** Every tensor of the base, with the shape that the configuration demands. */
export function baseTensors(config: DecoderConfig): TrainableTensor[] {
  const { hidden, vocabulary, biases, maxPositions } = config;
  const names = moduleNames(config);
  const biased = (module: string): boolean =>
    module.endsWith(`.${names.attention}.${names.attentionOutput}`)
      ? biases.output
      : module.includes(`.${names.attention}.`)
        ? biases.qkv
        : biases.mlp;
  const tensors: TrainableTensor[] = [{ name: `${names.embedding}.weight`, shape: [vocabulary, hidden] }];
  if (config.learnedPositions) tensors.push({ name: `${names.positions}.weight`, shape: [maxPositions, hidden] });
  for (const { module, inFeatures, outFeatures } of linearModules(config)) {
    tensors.push({ name: `${module}.weight`, shape: [outFeatures, inFeatures] });
    if (biased(module)) tensors.push({ name: `${module}.bias`, shape: [outFeatures] });
  }
  const norm = (module: string, width: number): void => {
    tensors.push({ name: `${module}.weight`, shape: [width] });
    if (config.norm === 'layer') tensors.push({ name: `${module}.bias`, shape: [width] });
  };
  const inLayer: [string, number][] = [
    [names.attentionNorm, hidden],
    [names.mlpNorm, hidden],
  ];
  if (config.postNorms) inLayer.push(['pre_feedforward_layernorm', hidden], ['post_feedforward_layernorm', hidden]);
  if (config.qkNorm)
    inLayer.push([`${names.attention}.q_norm`, config.headDim], [`${names.attention}.k_norm`, config.headDim]);
  for (let layer = 0; layer < config.layers; layer++)
    for (const [module, width] of inLayer) norm(`${layerName(config, layer)}.${module}`, width);
  norm(names.finalNorm, hidden);
  if (!config.tiedEmbeddings) tensors.push({ name: 'lm_head.weight', shape: [vocabulary, hidden] });
  return tensors;
}
