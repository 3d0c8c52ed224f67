import * as path from 'node:path';
import * as vscode from 'vscode';
import type { TrainingContext } from '../dataset-lsp/protocol';
import { parseConfig } from '../training/config-file';
import { parseSettings } from '../training/settings';

const CONFIGS = '**/finetune.json';
const IGNORED = '**/{node_modules,.finetune,.git}/**';
const MOST_CONFIGS = 50;

/**
 * What the workspace's `finetune.json` files say about the data beside them; nothing in a workspace that is not trusted,
 * since they name files to read. A file that cannot be read is left out: training reports what is wrong with it.
 */
export async function trainingContexts(): Promise<TrainingContext[]> {
  if (!vscode.workspace.isTrusted) return [];
  const files = await vscode.workspace.findFiles(CONFIGS, IGNORED, MOST_CONFIGS);
  const contexts = await Promise.all(files.filter(({ scheme }) => scheme === 'file').map(readContext));
  return contexts.filter((context) => context !== undefined);
}

/** Calls back when a `finetune.json`, or the file of accepted findings, has changed on the disk. */
export function watchTrainingFiles(onSettings: () => void, onFiles: () => void): vscode.Disposable {
  return vscode.Disposable.from(
    watch(CONFIGS, onSettings),
    watch('**/.finetune/suppressions.json', onFiles),
    vscode.workspace.onDidGrantWorkspaceTrust(onSettings),
    vscode.workspace.onDidChangeWorkspaceFolders(onSettings),
  );
}

/** Calls back when one of the files (URIs) has changed on the disk. */
export function watchFiles(uris: readonly string[], changed: () => void): vscode.Disposable {
  const patterns = [...new Set(uris)].map((text) => {
    const uri = vscode.Uri.parse(text);
    const name = path.basename(uri.fsPath).replaceAll(/[[\]{}*?]/g, '[$&]');
    return new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), name);
  });
  return vscode.Disposable.from(...patterns.map((pattern) => watch(pattern, changed)));
}

function watch(glob: vscode.GlobPattern, changed: () => void): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(glob);
  watcher.onDidChange(changed);
  watcher.onDidCreate(changed);
  watcher.onDidDelete(changed);
  return watcher;
}

async function readContext(uri: vscode.Uri): Promise<TrainingContext | undefined> {
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const parsed = parseSettings(parseConfig(text, uri.fsPath));
    if (!parsed.ok) return undefined;
    const { train_file, validation_file, model, template, max_length, format } = parsed.settings;
    const uriOf = (path: string): string => vscode.Uri.file(path).toString();
    return {
      folder: vscode.Uri.joinPath(uri, '..').toString(),
      maxLength: max_length,
      ...(train_file !== null && train_file !== '' ? { trainFile: uriOf(train_file) } : {}),
      ...(validation_file !== null ? { validationFile: uriOf(validation_file) } : {}),
      ...(model !== null && model !== '' ? { model } : {}),
      ...(template !== 'auto' ? { template } : {}),
      ...(format !== 'auto' ? { format } : {}),
    };
  } catch {
    return undefined;
  }
}
