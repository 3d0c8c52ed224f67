/** The licence of a base model, as far as its files say it: it applies to everything that is made from the model. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RECOMMENDED_MODELS } from '../hub/recommended';
import type { BaseModel, TextFile } from '../training/weights/base-model';

export interface Licence {
  readonly name: string;
  /** The hub's word for it, for the header of a model card, such as `apache-2.0`. */
  readonly word?: string;
  /** Where it is said. */
  readonly source: string;
}

/** `undefined` where nothing says it. */
export function licenceOf({ path, kind, hub }: Pick<BaseModel, 'path' | 'kind' | 'hub'>): Licence | undefined {
  const card = kind === 'huggingface' ? readText(join(path, 'README.md')) : undefined;
  const header = card && /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1];
  const field = (name: string): string | undefined =>
    header && new RegExp(`^${name}:[ \\t]*["']?([^"'\\r\\n]+?)["']?[ \\t]*$`, 'm').exec(header)?.[1];
  const word = field('license');
  // "other" is explained by two more fields.
  const name = word === 'other' ? (field('license_name') ?? field('license_link') ?? word) : word;
  if (name !== undefined && word !== undefined) return { name, word, source: 'its model card' };
  const known = RECOMMENDED_MODELS.find(({ id }) => id === hub?.id);
  return known && { name: known.licence, source: 'its page on the hub' };
}

const LICENCE_FILE = /^(licen[cs]e|notice|copying|use_policy)([-_. ].*)?$/i;
const MOST_BYTES = 1e6;

/** The files beside the weights that set the terms; whoever passes the weights on passes these on too. */
export function licenceFiles({ path, kind }: Pick<BaseModel, 'path' | 'kind'>): TextFile[] {
  // Beside a GGUF file may lie what has nothing to do with it.
  if (kind === 'gguf') return [];
  return readdirSync(path)
    .filter((name) => LICENCE_FILE.test(name))
    .flatMap((name) => {
      const content = readText(join(path, name));
      return content === undefined ? [] : [{ name, content }];
    });
}

function readText(file: string): string | undefined {
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= MOST_BYTES ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
