import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../common/failure';
import { readDecoderConfig } from './models/config';
import { readGguf } from './weights/gguf';
import { ggufConfig } from './weights/gguf-config';
import { readJsonObject } from './weights/json-file';

export type ModelSupport = { readonly family: string } | { readonly problem: string };

/** Whether a folder or GGUF file can be trained, by its configuration alone: weights and tokenizer are not looked at. */
export function modelSupport(path: string): ModelSupport {
  try {
    const folder = statSync(path).isDirectory();
    const config = folder ? readJsonObject(join(path, 'config.json')) : ggufConfig(readGguf(path)).config;
    return { family: readDecoderConfig(config, path).family };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // The path says nothing that the list does not.
    return { problem: error.message.replace(path, '').replace(/^:? */, '') };
  }
}
