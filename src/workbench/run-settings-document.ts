import * as vscode from 'vscode';
import { openRunFolder } from '../training/run-folder';

const SCHEME = 'fine-tune-settings';

/**
 * Settings of a run as a read-only document: `run.json` itself also holds the token of the control socket, which should
 * not be on a screen.
 */
export function registerRunSettings(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: ({ query }) => {
      const { run } = openRunFolder(query);
      return JSON.stringify(run.settings ?? run.requested, undefined, 2);
    },
  });
}

export async function showRunSettings(folder: string): Promise<void> {
  const { run } = openRunFolder(folder);
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${run.name} settings.json`, query: folder });
  await vscode.window.showTextDocument(uri, { preview: true });
}
