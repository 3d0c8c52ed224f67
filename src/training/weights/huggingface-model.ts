import * as path from 'node:path';

import { Failure } from '../../common/failure';
import { chatTemplateOf } from '../../dataset/tokenizer';
import type { BaseModel, TextFile } from './base-model';
import { listFolder, readTextFile } from './files';
import { gpt2Tensors, isConv1d, transposed } from './gpt2-layout';
import { readJsonObject } from './json-file';
import { hashModel } from './model-hash';
import { readSafetensorsHeader } from './safetensors';
import { readFloats, requireTensor, type TensorInfo } from './tensor-info';

/** Opens a folder as `save_pretrained` or a download from the Hub leaves it. Snapshot links of the cache are followed. */
export function openHuggingFaceModel(folder: string): BaseModel {
  const names = listFolder(folder);
  if (!names.has('config.json')) throw noConfig(folder, names);
  const config = readJsonObject(path.join(folder, 'config.json'));
  const gpt2 = config['model_type'] === 'gpt2';
  const stored = openWeights(folder, names);
  const tensors = gpt2 ? gpt2Tensors(stored) : stored;
  const isTransposed = (name: string): boolean => gpt2 && isConv1d(name);
  return {
    path: folder,
    kind: 'huggingface',
    config,
    ...readHuggingFaceTokenizer(folder, names),
    tensors,
    readTensor: (name) => {
      const info = requireTensor({ path: folder, tensors }, name);
      const [outFeatures, inFeatures] = info.shape;
      return isTransposed(name) ? transposed(readFloats(info), inFeatures!, outFeatures!) : readFloats(info);
    },
    inPlace: (name, type = 'F32') => {
      const { dtype, file, offset, bytes } = requireTensor({ path: folder, tensors }, name);
      const aligned = offset % (type === 'F32' ? 4 : 2) === 0;
      return dtype === type && aligned && !isTransposed(name) ? { file, offset, bytes } : undefined;
    },
    hash: () => hashModel(config, tensors),
    get filesToCopy() {
      return TOKENIZER_FILES.filter((name) => names.has(name)).map((name) => textFile(folder, name));
    },
  };
}

/** Tokenizer and chat template of a folder; nothing else needs to be in it. */
export function readHuggingFaceTokenizer(
  folder: string,
  names: ReadonlySet<string>,
): Pick<BaseModel, 'tokenizerJson' | 'tokenizerConfig' | 'chatTemplate'> {
  if (!names.has('tokenizer.json')) throw noTokenizer(folder, names);
  const tokenizerJson = readJsonObject(path.join(folder, 'tokenizer.json'));
  const tokenizerConfig = {
    ...(names.has('config.json') && specialTokensOf(readJsonObject(path.join(folder, 'config.json')), tokenizerJson)),
    ...readTokenizerConfig(folder, names),
  };
  return { tokenizerJson, tokenizerConfig, chatTemplate: readChatTemplate(folder, names, tokenizerConfig) };
}

const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
];
const INDEX = 'model.safetensors.index.json';

function textFile(folder: string, name: string): TextFile {
  return { name, content: readTextFile(path.join(folder, name)) };
}

/** One file wins over an index, as in transformers; without either, every safetensors file is taken. */
function openWeights(folder: string, names: ReadonlySet<string>): ReadonlyMap<string, TensorInfo> {
  if (names.has('model.safetensors')) return readSafetensorsHeader(path.join(folder, 'model.safetensors')).tensors;
  if (names.has(INDEX)) return openSharded(folder, names);
  const files = [...names].filter((name) => name.endsWith('.safetensors')).sort();
  if (files.length === 0) throw noWeights(folder, names);
  const tensors = new Map<string, TensorInfo>();
  for (const file of files)
    for (const [name, info] of readSafetensorsHeader(path.join(folder, file)).tensors) {
      if (tensors.has(name))
        throw new Failure(
          'weights-corrupt',
          `Tensor "${name}" is in more than one safetensors file of ${folder}.`,
          `Keep one set of weights in the folder, or add ${INDEX}.`,
          2,
        );
      tensors.set(name, info);
    }
  return tensors;
}

function openSharded(folder: string, names: ReadonlySet<string>): ReadonlyMap<string, TensorInfo> {
  const indexFile = path.join(folder, INDEX);
  const map: unknown = readJsonObject(indexFile)['weight_map'];
  if (typeof map !== 'object' || map === null)
    throw new Failure('weights-corrupt', `${indexFile} has no "weight_map".`, 'Download the model again.', 2);
  const shards = new Map<string, ReadonlyMap<string, TensorInfo>>();
  const tensors = new Map<string, TensorInfo>();
  for (const [name, shard] of Object.entries(map as Record<string, unknown>)) {
    if (typeof shard !== 'string' || !names.has(shard))
      throw new Failure(
        'weights-missing',
        `${path.join(folder, String(shard))} is missing; ${INDEX} names it for "${name}".`,
        'The download is incomplete: get the missing file.',
        2,
      );
    let held = shards.get(shard);
    if (!held) {
      held = readSafetensorsHeader(path.join(folder, shard)).tensors;
      shards.set(shard, held);
    }
    tensors.set(name, requireTensor({ path: path.join(folder, shard), tensors: held }, name));
  }
  return tensors;
}

/** Old folders keep the names of the special tokens in a file of their own. */
function readTokenizerConfig(folder: string, names: ReadonlySet<string>): Record<string, unknown> {
  const read = (name: string): Record<string, unknown> =>
    names.has(name) ? readJsonObject(path.join(folder, name)) : {};
  return { ...read('special_tokens_map.json'), ...read('tokenizer_config.json') };
}

/** Folders as old as GPT-2's name the special tokens nowhere but by their ids in config.json. */
function specialTokensOf(
  config: Readonly<Record<string, unknown>>,
  tokenizerJson: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const added = Array.isArray(tokenizerJson['added_tokens']) ? (tokenizerJson['added_tokens'] as unknown[]) : [];
  const named = ['bos', 'eos'].flatMap((name): [string, string][] => {
    const id = config[`${name}_token_id`];
    const token = added.filter(isAddedToken).find((entry) => entry.id === id);
    return token ? [[`${name}_token`, token.content]] : [];
  });
  return Object.fromEntries(named);
}

function isAddedToken(entry: unknown): entry is { id?: unknown; content: string } {
  return typeof entry === 'object' && entry !== null && 'content' in entry && typeof entry.content === 'string';
}

/** `chat_template.jinja` wins over `tokenizer_config.json`, as in transformers. */
function readChatTemplate(
  folder: string,
  names: ReadonlySet<string>,
  tokenizerConfig: Readonly<Record<string, unknown>>,
): string | undefined {
  if (names.has('chat_template.jinja')) return readTextFile(path.join(folder, 'chat_template.jinja'));
  return chatTemplateOf(tokenizerConfig);
}

function noConfig(folder: string, names: ReadonlySet<string>): Failure {
  const gguf = [...names].find((name) => name.endsWith('.gguf'));
  const hint = names.has('adapter_config.json')
    ? 'This is the folder of an adapter; name the folder of its base model.'
    : gguf !== undefined
      ? `To use the GGUF file, name it: ${path.join(folder, gguf)}.`
      : 'Name the folder that holds config.json, the *.safetensors files and tokenizer.json.';
  return new Failure('model-config-missing', `${folder} has no config.json.`, hint, 2);
}

function noWeights(folder: string, names: ReadonlySet<string>): Failure {
  const pickle = [...names].find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  return pickle === undefined
    ? new Failure(
        'weights-missing',
        `${folder} has no *.safetensors file.`,
        'Download the weights of the model too.',
        2,
      )
    : new Failure(
        'weights-missing',
        `${folder} has no *.safetensors file, only ${pickle}.`,
        'Convert it to safetensors; pickle files are never opened, because they can run code.',
        2,
      );
}

function noTokenizer(folder: string, names: ReadonlySet<string>): Failure {
  const other = ['tokenizer.model', 'spiece.model', 'vocab.json', 'merges.txt', 'vocab.txt', 'tekken.json'].filter(
    (n) => names.has(n),
  );
  return new Failure(
    'tokenizer-missing',
    `${folder} has no tokenizer.json${other.length > 0 ? `, only ${other.join(' and ')}` : ''}.`,
    other.length > 0
      ? 'Save the tokenizer once as a fast tokenizer (AutoTokenizer.from_pretrained(...).save_pretrained(...)), which writes tokenizer.json.'
      : 'Download tokenizer.json of the model into the folder.',
    2,
  );
}
