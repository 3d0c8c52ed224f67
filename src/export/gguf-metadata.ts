/** What llama.cpp must be told about a model, and which models it computes otherwise than they were trained. */
import { basename } from 'node:path';
import { Failure } from '../common/failure';
import type { Subject } from '../evaluation/subject';
import type { DecoderConfig } from '../training/models/config';
import { sharedName } from '../training/weights/base-model';
import { type GgufArchitecture, GGUF_LAYOUTS, OTHERWISE_SCALED } from '../training/weights/gguf-architectures';
import type { GgufHeads } from '../training/weights/gguf-layout';
import type { GgufEntry } from './gguf-file';
import { requireRope, ropeEntries } from './gguf-rope';

export function architectureOf({ family }: Pick<DecoderConfig, 'family'>): GgufArchitecture {
  // Without its window, which llama.cpp does not know there, a Mistral is a Llama.
  const modelType = family === 'mistral' ? 'llama' : family;
  const names = Object.keys(GGUF_LAYOUTS) as GgufArchitecture[];
  const name = names.find((architecture) => GGUF_LAYOUTS[architecture].modelType === modelType);
  if (name === undefined) throw unsupported(`models of the family ${family} are not written as GGUF`);
  return name;
}

export function headsOf(config: DecoderConfig): GgufHeads {
  const { heads, kvHeads: keyHeads, headDim: headSize } = config;
  return { architecture: architectureOf(config), heads, keyHeads, headSize };
}

/** The keys of the architecture, as llama.cpp's converter writes them. */
export function modelEntries(subject: Pick<Subject, 'model' | 'checked'>): GgufEntry[] {
  const { config } = subject.checked;
  const architecture = architectureOf(config);
  requireComputable(config, architecture);
  const entry = (key: string, type: 'uint32' | 'float32', value: number): GgufEntry => [
    `${architecture}.${key}`,
    type,
    value,
  ];
  const entries: GgufEntry[] = [
    ['general.architecture', 'string', architecture],
    ['general.type', 'string', 'model'],
    ['general.name', 'string', nameOf(subject)],
    entry('vocab_size', 'uint32', config.vocabulary),
    entry('context_length', 'uint32', contextLength(config)),
    entry('embedding_length', 'uint32', config.hidden),
    entry('block_count', 'uint32', config.layers),
    entry('feed_forward_length', 'uint32', config.intermediate),
    entry('attention.head_count', 'uint32', config.heads),
    entry('attention.head_count_kv', 'uint32', config.kvHeads),
    entry('attention.key_length', 'uint32', config.headDim),
    entry('attention.value_length', 'uint32', config.headDim),
    entry(`attention.layer_norm_${config.norm === 'rms' ? 'rms_' : ''}epsilon`, 'float32', config.normEpsilon),
    ...ropeEntries(config, architecture),
  ];
  if (config.attentionCap !== undefined) entries.push(entry('attn_logit_softcapping', 'float32', config.attentionCap));
  if (config.logitCap !== undefined) entries.push(entry('final_logit_softcapping', 'float32', config.logitCap));
  if (architecture === 'gemma2' || architecture === 'gemma3')
    entries.push(entry('attention.sliding_window', 'uint32', config.slidingWindow!));
  // 0 stands for none; where the key is missing, a default of 2047 is assumed.
  if (architecture === 'phi3') entries.push(entry('attention.sliding_window', 'uint32', 0));
  return entries;
}

/**
 * Only Gemma's windows are known to llama.cpp. Others attend to everything, which is the same model for texts that are no
 * longer than the window: so long the context is.
 */
export function contextLength({ family, layerKinds, slidingWindow, maxPositions }: DecoderConfig): number {
  const windowed = !family.startsWith('gemma') && layerKinds.some((kind) => kind.windowed);
  return windowed && slidingWindow !== undefined ? Math.min(slidingWindow, maxPositions) : maxPositions;
}

/**
 * Where the name says Phi-3, llama.cpp takes the white space behind the tokens of turns as theirs, and does not load a
 * vocabulary without the tokens that it excepts. So the name says it exactly where that is right.
 */
function nameOf({ model, checked: { tokenizer } }: Pick<Subject, 'model' | 'checked'>): string {
  const name = basename(sharedName(model)).replace(/\.gguf$/i, '');
  const strips = JSON.stringify(model.tokenizerJson['added_tokens'] ?? []).includes('"rstrip":true');
  const complete = ['<unk>', '<s>', '</s>', '<|endoftext|>'].every((token) => tokenizer.tokenId(token) !== undefined);
  if (strips && complete) return /phi-?3/i.test(name) ? name : `${name} (Phi-3)`;
  return name.replace(/phi-?3/gi, 'Phi 3');
}

/** What is fixed in the code of llama.cpp for each architecture (src/models/<architecture>.cpp). */
function requireComputable(config: DecoderConfig, architecture: GgufArchitecture): void {
  const { layers, hidden, heads, headDim, biases, layerKinds } = config;
  const demand = (fits: boolean, what: string): void => {
    if (!fits) throw unsupported(`${what}, which llama.cpp does not compute for ${architecture}`);
  };
  const gemma = architecture === 'gemma2' || architecture === 'gemma3';
  if (['qwen2', 'phi3', 'gpt2'].includes(architecture))
    demand(heads * headDim === hidden, `${heads} heads of size ${headDim} are not as wide as the model (${hidden})`);
  demand(!biases.mlp || ['llama', 'gpt2'].includes(architecture), 'the MLP has biases');
  demand(!biases.output || ['llama', 'gpt2'].includes(architecture), 'the output of attention has a bias');
  const scaled = layers === OTHERWISE_SCALED[architecture] ? Math.floor(hidden / heads) : headDim;
  demand(
    Math.abs(config.attentionScale * Math.sqrt(scaled) - 1) < 1e-6,
    `attention is scaled by ${config.attentionScale}`,
  );
  const windowed = (i: number): boolean => (architecture === 'gemma2' ? i % 2 === 0 : i % 6 !== 5);
  demand(
    !gemma || (config.slidingWindow !== undefined && layerKinds.every((kind, i) => kind.windowed === windowed(i))),
    'the layers with a sliding window are others than usual',
  );
  if (architecture === 'gemma2') {
    demand(config.attentionCap !== undefined && config.logitCap !== undefined, 'scores or logits are not capped');
    demand(config.tiedEmbeddings, 'the output has a matrix of its own');
  }
  requireRope(config, architecture, demand);
}

export function unsupported(reason: string): Failure {
  return new Failure(
    'gguf-unsupported',
    `The model cannot be written as GGUF: ${reason}.`,
    'Export it as safetensors (merged), or evaluate it with the engine onnxruntime.',
    2,
  );
}
