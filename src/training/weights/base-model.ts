import * as fs from 'node:fs';
import * as path from 'node:path';

import { Failure } from '../../common/failure';
import { requireCached } from '../../hub/cache';
import { hubOf } from '../../hub/environment';
import { type ModelId, parseModelId } from '../../hub/model-id';
import { listFolder } from './files';
import { readGguf } from './gguf';
import { openGgufModel } from './gguf-model';
import { ggufTokenizer } from './gguf-tokenizer';
import { openHuggingFaceModel, readHuggingFaceTokenizer } from './huggingface-model';
import type { TensorInfo } from './tensor-info';

/** Bytes of a tensor that can be used where they lie: little-endian numbers in row-major order. */
export interface ByteRange {
  /** Absolute, symbolic links resolved. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** How weights may be kept as numbers, by the names that files give the types. */
export type NumberType = 'F32' | 'F16' | 'BF16';

export interface TextFile {
  readonly name: string;
  readonly content: string;
}

/** A model to train on, whatever it was stored as. Names are Hugging Face's; all linear weights are [out, in]. */
export interface BaseModel {
  /** As the user gave it, made absolute; of a model of the hub, where it lies in the cache. */
  readonly path: string;
  /** Of a model of the hub; its revision is the commit. */
  readonly hub?: ModelId;
  readonly kind: 'huggingface' | 'gguf';
  /** Meaning of Hugging Face's `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Meaning of `tokenizer.json`. */
  readonly tokenizerJson: Readonly<Record<string, unknown>>;
  /** Meaning of `tokenizer_config.json`; its `chat_template` is left as it was found, use `chatTemplate`. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  /** Jinja source of the model's own chat template. */
  readonly chatTemplate: string | undefined;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The tensor as float32, row-major, shape `tensors.get(name).shape`. */
  readTensor(name: string): Float32Array;
  /** Where the tensor can be used as this type (F32) without a copy; `undefined` where it must be read and converted. */
  inPlace(name: string, type?: NumberType): ByteRange | undefined;
  /** Hash (sha256, hex) of architecture and weights, see `model-hash.ts`. The same for the same weights in another folder. */
  hash(): string;
  /** Tokenizer and template files that an adapter or a full model made from this base carries along. */
  readonly filesToCopy: readonly TextFile[];
}

/**
 * Opens a Hugging Face folder, a GGUF file or a downloaded model by its id; headers only, no weights are read.
 * Everything that is wrong with it is a `Failure` with exit code 2 that names the file.
 */
export function openBaseModel(modelPath: string): BaseModel {
  const { absolute, folder, hub } = locate(modelPath);
  const model = folder ? openHuggingFaceModel(absolute) : openGgufModel(absolute);
  return hub ? Object.assign(model, { hub }) : model;
}

/** Tokenizer and chat template of a model. Unlike `openBaseModel` it needs neither the weights nor `config.json`. */
export function openModelTokenizer(
  modelPath: string,
): Pick<BaseModel, 'path' | 'tokenizerJson' | 'tokenizerConfig' | 'chatTemplate'> {
  const { absolute, folder } = locate(modelPath);
  if (folder) return { path: absolute, ...readHuggingFaceTokenizer(absolute, listFolder(absolute)) };
  const gguf = readGguf(absolute);
  const architecture = gguf.metadata.get('general.architecture');
  return { path: absolute, ...ggufTokenizer(gguf, typeof architecture === 'string' ? architecture : '') };
}

/** What others know the model by: its id on the hub, or the path. */
export function sharedName({ hub, path: place }: Pick<BaseModel, 'hub' | 'path'>): string {
  return hub?.id ?? place;
}

interface Place {
  readonly absolute: string;
  readonly folder: boolean;
  readonly hub?: ModelId;
}

/** What is there as a path is one, though an id may look the same. */
function locate(modelPath: string): Place {
  const id = fs.existsSync(modelPath) ? undefined : parseModelId(modelPath);
  const cached = id && requireCached(id, hubOf().cache);
  const absolute = cached?.path ?? path.resolve(modelPath);
  const stat = fs.statSync(absolute, { throwIfNoEntry: false });
  if (!stat)
    throw new Failure(
      'model-not-found',
      `There is no model at ${absolute}.`,
      'Name a Hugging Face folder (config.json, *.safetensors, tokenizer.json) or a .gguf file.',
      2,
    );
  return { absolute, folder: stat.isDirectory(), ...(cached && { hub: { ...cached.id, revision: cached.commit } }) };
}
