/** Where an export goes: a folder that is whole or not there, and that harms nothing that lies there. */
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, isAbsolute } from 'node:path';
import { Failure } from '../common/failure';
import { writeFailure } from '../training/weights/files';

export interface ExportFolder {
  /** Where everything is written first: in the folder, or beside one that is not there yet. */
  readonly draft: string;
  /** For what is not part of the export; removed at the end. */
  readonly scratch: string;
  /** Gives the draft its name. What an earlier export left there is replaced, other files stay; where that fails, all is as before. */
  finish(): void;
  /** Removes what was written. */
  discard(): void;
}

export interface Sources {
  /** A folder or a file. */
  readonly path: string;
  /** For the message, for example `the base model`. */
  readonly what: string;
}

/**
 * @param sources what the export is made of: nothing may be written into it
 * @throws Failure (exit code 2) `target-is-source`, `target-not-empty`, `target-is-file`; `write-failed`
 */
export function openExportFolder(folder: string, sources: readonly Sources[], force: boolean): ExportFolder {
  for (const { path, what } of sources)
    if (isInside(folder, path))
      throw new Failure(
        'target-is-source',
        `${folder} is in the folder of ${what}, which is never written to.`,
        'Name another folder with -o.',
        2,
      );
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found && !found.isDirectory())
    throw new Failure('target-is-file', `${folder} is a file.`, 'Name a folder with -o.', 2);
  if (found && !force && readdirSync(folder).some((name) => !DRAFT.test(name)))
    throw new Failure(
      'target-not-empty',
      `${folder} is not empty.`,
      'Name another folder, or add --force to replace an earlier export in it.',
      2,
    );
  // A folder may be another disk than the one it is in.
  const draft = found ? join(folder, `.partial-${process.pid}`) : `${folder}.partial-${process.pid}`;
  const scratch = join(draft, '.check');
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
  } catch (error) {
    throw writeFailure(error, draft, 0);
  }
  return {
    draft,
    scratch,
    finish: () => {
      try {
        rmSync(scratch, { recursive: true, force: true });
        moveAll(draft, folder);
      } catch (error) {
        throw writeFailure(error, folder, 0);
      }
    },
    discard: () => {
      // What could not be put back is not lost.
      const aside = join(draft, REPLACED);
      if (existsSync(aside) && readdirSync(aside).length > 0) return;
      rmSync(draft, { recursive: true, force: true });
    },
  };
}

/** Files whose presence would make a reader take an earlier export for this one. */
const OF_EXPORTS =
  /^(model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json|adapter_model\.safetensors|adapter_config\.json|config\.json|(model|base|adapter)([.-].*)?\.gguf|Modelfile|chat_template\.jinja|CHECK-FAILED\.txt)$/;

const REPLACED = '.replaced';
const DRAFT = /^\.partial-\d+$/;

function moveAll(draft: string, folder: string): void {
  if (!existsSync(folder)) return renameSync(draft, folder);
  const written = readdirSync(draft);
  const replaced = readdirSync(folder).filter((name) => OF_EXPORTS.test(name) || written.includes(name));
  const aside = join(draft, REPLACED);
  const done: (readonly [from: string, to: string])[] = [];
  const move = (from: string, to: string): void => {
    renameSync(from, to);
    done.push([from, to]);
  };
  try {
    mkdirSync(aside);
    for (const name of replaced) move(join(folder, name), join(aside, name));
    for (const name of written) move(join(draft, name), join(folder, name));
  } catch (error) {
    for (const [from, to] of done.reverse()) tryRename(to, from);
    throw error;
  }
  rmSync(draft, { recursive: true });
}

function tryRename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // It stays where it is; the error that led here is the one to tell.
  }
}

/**
 * Whether a path that may not exist yet is a folder or lies in it; symbolic links do not hide it. Of a file its folder
 * counts, but not what is below, which has nothing to do with it.
 */
function isInside(path: string, source: string): boolean {
  const isFile = statSync(source, { throwIfNoEntry: false })?.isFile() ?? false;
  const way = relative(realPath(isFile ? dirname(source) : source), realPath(path));
  return way === '' || (!isFile && !way.startsWith('..') && !isAbsolute(way));
}

function realPath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(realPath(parent), relative(parent, absolute));
}
