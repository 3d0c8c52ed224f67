import * as fs from 'node:fs';
import * as path from 'node:path';

import { Failure } from '../../common/failure';
import { listFolder } from './files';
import { readGguf } from './gguf';
import { openGgufModel } from './gguf-model';
import { ggufTokenizer } from './gguf-tokenizer';
import { openHuggingFaceModel, readHuggingFaceTokenizer } from './huggingface-model';
import type { TensorInfo } from './tensor-info';

/** Bytes of a tensor that can be used where they lie: little-endian float32 in row-major order. */
export interface ByteRange {
  /** Absolute, symbolic links resolved. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface TextFile {
  readonly name: string;
  readonly content: string;
}

/** A model to train on, whatever it was stored as. All names and layouts are Hugging Face's. */
export interface BaseModel {
  /** As the user gave it, made absolute. */
  readonly path: string;
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
  /** Where the tensor can be used without a copy; `undefined` where it must be read and converted. */
  inPlace(name: string): ByteRange | undefined;
  /** Hash (sha256, hex) of architecture and weights, see `model-hash.ts`. The same for the same weights in another folder. */
  hash(): string;
  /** Tokenizer and template files that an adapter or a full model made from this base carries along. */
  readonly filesToCopy: readonly TextFile[];
}

/**
 * Opens a Hugging Face folder or a GGUF file; headers only, no weights are read.
 * Everything that is wrong with it is a `Failure` with exit code 2 that names the file.
 */
export function openBaseModel(modelPath: string): BaseModel {
  const { absolute, folder } = locate(modelPath);
  return folder ? openHuggingFaceModel(absolute) : openGgufModel(absolute);
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

function locate(modelPath: string): { readonly absolute: string; readonly folder: boolean } {
  const absolute = path.resolve(modelPath);
  const stat = fs.statSync(absolute, { throwIfNoEntry: false });
  if (!stat)
    throw new Failure(
      'model-not-found',
      `There is no model at ${absolute}.`,
      'Name a Hugging Face folder (config.json, *.safetensors, tokenizer.json) or a .gguf file.',
      2,
    );
  return { absolute, folder: stat.isDirectory() };
}
