import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../common/failure';
import type { Workbench } from '../workbench';

/** Shows a folder, by default that of the newest run: in the system's file manager, or in the explorer where there is none. */
export async function openRunFolder({ runs }: Workbench, folder?: unknown): Promise<void> {
  const target = typeof folder === 'string' ? folder : (await runs.list())[0]?.path;
  if (target === undefined)
    throw new Failure('no-run', 'There is no run in this workspace yet.', 'Start one with Fine-tune: Train.');
  await fs.access(target).catch(() => {
    throw new Failure('no-folder', `${target} does not exist any more.`, 'It was moved or deleted.');
  });
  const uri = vscode.Uri.file(target);
  const remote = vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web;
  if (!remote) await vscode.commands.executeCommand('revealFileInOS', uri);
  else if (vscode.workspace.getWorkspaceFolder(uri)) await vscode.commands.executeCommand('revealInExplorer', uri);
  else {
    const choice = await vscode.window.showInformationMessage(path.normalize(target), 'Copy Path');
    if (choice === 'Copy Path') await vscode.env.clipboard.writeText(target);
  }
}
