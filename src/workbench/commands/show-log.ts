import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { runFolderAt } from '../../training/run-folder';
import type { Workbench } from '../workbench';

/** Shows what the trainer of a run has written to its log; the extension's own log where that is empty or no run is named. */
export async function showLog({ log }: Workbench, folder?: unknown): Promise<void> {
  if (typeof folder === 'string') {
    const { logFile } = runFolderAt(folder);
    const size = await fs.stat(logFile).then(
      (stats) => stats.size,
      () => 0,
    );
    if (size > 0) {
      await vscode.window.showTextDocument(vscode.Uri.file(logFile), { preview: true });
      return;
    }
  }
  log.show();
}
