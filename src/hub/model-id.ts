/** Names of models on the hub: `org/name`, `org/name@revision`, `org/name:file.gguf`, `org/name@revision:Q4_K_M`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export interface ModelId {
  /** `org/name` */
  readonly id: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** A GGUF file of the repository, or the end of its name: `Q4_K_M`. */
  readonly file?: string;
}

export const DEFAULT_REVISION = 'main';

const PART = '[A-Za-z0-9_][\\w.-]*';
const ID = new RegExp(`^(${PART}/${PART})(?:@([\\w./-]+))?(?::([\\w./-]+))?$`);

/** `undefined` for what cannot be an id, such as a path with one part or three. */
export function parseModelId(text: string): ModelId | undefined {
  const [, id, revision = DEFAULT_REVISION, file] = ID.exec(text) ?? [];
  if (id === undefined || /\.\.|--|[.-]([/ ]|$)|\/\//.test(`${id} ${revision}`) || /\.gguf$/i.test(id))
    return undefined;
  if (file !== undefined && !isSafePath(file)) return undefined;
  return { id, revision, ...(file !== undefined && { file }) };
}

/** As `parseModelId` reads it; the usual revision is left out. */
export function modelIdText({ id, revision, file }: ModelId): string {
  return `${id}${revision === DEFAULT_REVISION ? '' : `@${revision}`}${file === undefined ? '' : `:${file}`}`;
}

/** Whether a value of the setting `model` names a model on the hub rather than a file or folder; see `modelReference`. */
export function isModelId(value: string): boolean {
  return parseModelId(value) !== undefined;
}

/**
 * A value of the setting `model` that means the same everywhere: an absolute path, counted from `folder`, or an id. What
 * is there as a file or begins in a folder that is there is a path.
 */
export function modelReference(value: string, folder: string): string {
  const first = value.split('/')[0]!;
  return isModelId(value) && !existsSync(resolve(folder, first)) ? value : resolve(folder, value);
}

/** A relative path, with `/`, that stays in its folder on every system. */
export function isSafePath(path: string): boolean {
  return path.split('/').every((part) => !/^\.{0,2}$|[\\:\0]|[. ]$/.test(part));
}
