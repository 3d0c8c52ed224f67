import * as vscode from 'vscode';

/**
 * Whether training may start here. Hidden commands stay callable in an untrusted workspace, so this is asked in code
 * besides the manifest's declaration. Says why not, and offers the way to trust.
 */
export async function mayTrain(): Promise<boolean> {
  const untrusted =
    'This workspace is not trusted, so training does not start: the data, the model and finetune.json come from it. Trust the workspace to train here.';
  if (!(await isTrusted(untrusted))) return false;
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length > 0 && folders.every((folder) => folder.uri.scheme !== 'file')) {
    await vscode.window.showWarningMessage(
      'Training needs files on a disk, and this workspace has none. Open a copy of it in a local or remote folder.',
    );
    return false;
  }
  return true;
}

/** Whether a model may be loaded here. @param what does not happen otherwise, as a clause */
export async function mayUseModels(what: string): Promise<boolean> {
  return await isTrusted(
    `This workspace is not trusted, so ${what}: models and runs come from it. Trust the workspace to use them.`,
  );
}

async function isTrusted(why: string): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const choice = await vscode.window.showWarningMessage(why, 'Manage Trust');
  if (choice === 'Manage Trust') await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}
