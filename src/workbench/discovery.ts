/** What of the file system is needed here; folders that cannot be read are empty. Paths use `/`. */
export interface FolderReader {
  list(folder: string): Promise<readonly FolderEntry[]>;
}
export interface FolderEntry {
  readonly name: string;
  readonly folder: boolean;
}

export interface FoundModel {
  /** A Hugging Face folder, or a GGUF file. */
  readonly path: string;
  readonly kind: 'folder' | 'gguf';
}

const SKIPPED = new Set(['node_modules', 'dist', 'out', 'build', 'target', '__pycache__', 'venv']);
const DEEPEST = 4;
const MOST_FOLDERS = 2000;

/**
 * Base models below a folder: folders with `config.json` and safetensors, and `.gguf` files.
 * Goes four levels deep and through at most 2000 folders, nearest first; hidden folders are left out.
 */
export async function findModels(root: string, reader: FolderReader): Promise<FoundModel[]> {
  const found: FoundModel[] = [];
  let level = [root];
  let visited = 0;
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (visited++ >= MOST_FOLDERS) return found;
      const entries = await reader.list(folder);
      if (isModelFolder(entries)) found.push({ path: folder, kind: 'folder' });
      for (const entry of entries) {
        if (!entry.folder && /\.gguf$/i.test(entry.name)) found.push({ path: `${folder}/${entry.name}`, kind: 'gguf' });
        else if (entry.folder && !entry.name.startsWith('.') && !SKIPPED.has(entry.name))
          next.push(`${folder}/${entry.name}`);
      }
    }
    level = next;
  }
  return found;
}

function isModelFolder(entries: readonly FolderEntry[]): boolean {
  const files = entries.filter((entry) => !entry.folder).map((entry) => entry.name);
  return files.includes('config.json') && files.some((name) => name.endsWith('.safetensors'));
}

const VALIDATION_WORDS = ['validation', 'valid', 'val', 'dev', 'eval'];

/** The sibling that looks like the validation data of a training file, by its name. */
export function proposeValidation(trainName: string, siblings: readonly string[]): string | undefined {
  const others = siblings.filter((name) => name !== trainName && /\.jsonl$/i.test(name));
  const counterparts = VALIDATION_WORDS.map((word) => trainName.replace(/train(ing)?/i, word));
  const counterpart = counterparts.find((name) => name !== trainName && others.includes(name));
  if (counterpart !== undefined) return counterpart;
  for (const word of VALIDATION_WORDS) {
    const named = others.filter((name) => new RegExp(`^${word}([-_. ].*)?\\.jsonl$`, 'i').test(name)).sort();
    if (named[0] !== undefined) return named[0];
  }
  return undefined;
}

/** Paths by name, those that say "train" first and those that say something else about their use last. */
export function byLikelihood(files: readonly string[]): string[] {
  const rank = (file: string): number => {
    const name = file.slice(file.replaceAll('\\', '/').lastIndexOf('/') + 1);
    if (/train/i.test(name)) return 0;
    return new RegExp(`(^|[^a-z])(test|${VALIDATION_WORDS.join('|')})([^a-z]|$)`, 'i').test(name) ? 2 : 1;
  };
  return [...files].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Each path once, in order of first appearance. */
export function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const fresh = !seen.has(key(item));
    seen.add(key(item));
    return fresh;
  });
}
